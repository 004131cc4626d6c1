import DiffusionCore
import DiffusionText

extension SamplingPlan {
  /// What should be known of how the images are drawn, a phrase each: defaults that are the model's own, and how they
  /// differ from those of the scheduler that the model's folder means.
  public var remarks: [String] { ownDefaults + differencesFromScheduler + unusual + inputs }

  /// The parameters that are not the sampler's usual ones, as the model's code base has others.
  private var ownDefaults: [String] {
    let conventions = model.specification.conventions
    var remarks: [String] = []
    if sampler.parameters.contains(.eta), request.eta == nil, eta != 0 {
      remarks.append(
        """
        eta is \(numberText(eta)), as in \(model.specification.family); type --eta 0 for images that \
        the noise they start from decides
        """)
    }
    if sampler.parameters.contains(.churn), request.churn == nil, let churn = conventions.churn {
      remarks.append(
        """
        noise is added before steps (--s-churn \(numberText(churn.amount))), as in \(model.specification.family); type \
        --s-churn 0 for none
        """)
    }
    return remarks
  }

  /// What was asked for in a way that often means something else.
  private var unusual: [String] {
    var remarks: [String] = []
    // ddim's --timesteps is a number of steps.
    if let timesteps = request.timesteps, timesteps.count == 1, timesteps[0] > 1 {
      let timestep = timesteps[0]
      remarks.append(
        """
        --timesteps lists the steps: this is one, from timestep \(timestep); for \(timestep) steps, type \
        --steps \(timestep)
        """)
    }
    if let noise, let path = request.noise {
      let deviation = (noise.sumOfSquares / Double(noise.count)).squareRoot()
      if !(0.5...2).contains(deviation) {
        remarks.append("\(path) has a standard deviation of \(decimal(deviation, 2)), where noise has 1")
      }
    }
    return remarks
  }

  /// Which of the pictures in folders are used.
  private var inputs: [String] {
    // Images of stated numbers are a part of a run.
    let images = request.index == nil ? request.count : nil
    return [initial?.files, lowRes?.files, condition?.files].compactMap(\.self).flatMap {
      $0.remarks(images: images ?? $0.count)
    }
  }

  private var differencesFromScheduler: [String] {
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
