import DiffusionCore

extension SamplingPlan {
  /// The request that draws one image (or, for nil, the sheet of all images) with every default resolved, independent
  /// of batch size, shards and resumptions.
  public func canonicalRequest(image: Int?, label: Int?) -> SamplingRequest {
    var canonical = SamplingRequest()
    // For a training run, name the checkpoint that was used: the run may continue.
    canonical.model = model.path == nil ? nil : model.name
    canonical.settings = request.settings
    canonical.respacing = request.respacing
    canonical.timesteps = request.timesteps
    (canonical.sigmas, canonical.scales) = (request.sigmas, request.scales)
    if request.scales != nil {
      canonical.steps = request.steps
    } else if request.respacing == nil && request.timesteps == nil && request.sigmas == nil {
      canonical.steps = process.count
    }
    canonical.spacing = request.spacing
    // The default is left out, but no clipping was always written, whatever the default.
    let isDefault = request.clipDenoised == true && model.specification.clipping != .none
    canonical.clipDenoised = isDefault ? nil : request.clipDenoised
    canonical.classes = selections(label: label, isSheet: image == nil)
    switch request.source {
    case .noise: resolveDrawn(&canonical, image: image)
    case .reconstruction(let files):
      canonical.source = .reconstruction(of: image.flatMap { origins?[$0].file }.map { [$0] } ?? files)
    case .interpolation(let ends, let frames):
      canonical.source = .interpolation(ends, frames: frames)
      if case .seeds = ends, model.specification.nullClass != nil { canonical.guidance = guidance }
    }
    return canonical
  }

  /// Fills in what applies when the noise is drawn or read from a file.
  private func resolveDrawn(_ canonical: inout SamplingRequest, image: Int?) {
    canonical.seed = seed
    if let image {
      canonical.index = image...image
    } else {
      (canonical.index, canonical.shard) = (request.index, request.shard)
      canonical.statedCount = recordedCount
    }
    canonical.sampler = sampler.name
    canonical.eta = request.eta == 0 ? nil : request.eta
    if request.churn != 0 {
      (canonical.churn, canonical.churnMin) = (request.churn, request.churnMin)
      (canonical.churnMax, canonical.churnNoise) = (request.churnMax, request.churnNoise)
    }
    if model.specification.nullClass != nil || guide != nil { canonical.guidance = guidance }
    canonical.guideModel = guide?.model.name
    canonical.guidanceInterval = request.guidanceInterval
    (canonical.classifier, canonical.classifierScale) = (classifier?.name, classifier?.scale)
    canonical.lowRes = lowRes?.files.path(of: image)
    canonical.condition = condition?.files.path(of: image)
    if condition?.startsSampling == true { canonical.mask = request.mask }
    if let initial {
      (canonical.initImage, canonical.strength) = (initial.files.path(of: image), initial.strength)
      canonical.mask = initial.inpainting?.file
      (canonical.jumpLength, canonical.jumpCount) = (initial.inpainting?.jumpLength, initial.inpainting?.jumpCount)
    }
    canonical.noise = request.noise
    canonical.noiseStream = request.noiseStream
    if request.noiseStream == .torch {
      // In PyTorch's stream an image depends on those before it.
      (canonical.index, canonical.statedCount, canonical.batch) = (nil, recordedCount, batch)
    }
  }

  /// The number of images, unless it is 1, which is usual where no folder of inputs says otherwise.
  private var recordedCount: Int? {
    let isFolder = [initial?.files, lowRes?.files, condition?.files].contains { $0?.isFolder == true }
    return request.count == 1 && !isFolder ? nil : request.count
  }

  /// The class of an image, or the classes asked for on a sheet, in an unambiguous form.
  private func selections(label: Int?, isSheet: Bool) -> [ClassSelection]? {
    guard let known = model.classes ?? classifier?.classes else { return nil }
    if let label { return [known.selection(label)] }
    let isAsked = request.classes != nil || request.source != .noise
    guard isSheet, isAsked, let classes else { return nil }
    let isOne = classes.allSatisfy { $0 == classes[0] }
    return (isOne ? Array(classes.prefix(1)) : classes).map(known.selection)
  }
}
