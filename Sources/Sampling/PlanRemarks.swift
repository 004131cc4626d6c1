import DiffusionCore

extension SamplingPlan {
  /// How the images differ from those of the scheduler that the model's folder means, a phrase for each difference.
  public var remarks: [String] {
    guard model.specification.conventions.spacesAsSchedulers, request.timesteps == nil, request.respacing == nil,
      let diffusion = process as? GaussianDiffusion
    else { return [] }
    var remarks: [String] = []
    if diffusion.count == 1 && spacing == .leading {
      remarks.append(
        "the only step starts from the noisiest timestep, where diffusers' leading spacing has nothing but timestep 0")
    }
    if sampler.name == DDPM.info.name, diffusion.timestepMap[0] > 0, diffusion.varType != .fixedSmall {
      remarks.append(
        "the last step adds no noise, though diffusers' DDPMScheduler adds some with this spacing and variance")
    }
    if sampler.name == PLMS.info.name && spacing != .leading {
      remarks.append(
        "the first step goes between its own levels, where diffusers' PNDMScheduler takes others with this spacing")
    }
    return remarks
  }
}
