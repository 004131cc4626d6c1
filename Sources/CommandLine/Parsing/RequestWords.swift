import DiffusionCore
import DiffusionModels
import DiffusionText
import Sampling

/// The command that draws an image again from its record: drawing options only, and `again.png` as the only
/// file written.
///
/// - Returns: the words, starting with `sample`, for `shellLine`.
/// - Throws: `UsageError` if an earlier version stored words that draw nothing or that this version does not know.
public func drawingCommand(_ provenance: Provenance) throws(UsageError) -> [String] {
  var words: [String]
  switch provenance.drawing {
  case .request(let request):
    words = drawingWords(
      request, isImage: provenance.image != nil, sheet: provenance.sheet, scale: provenance.scale)
    if provenance.bits != 8 { words += ["--bits", "\(provenance.bits)"] }
    if let view = provenance.view { words += ["--\(view.rawValue)", "again-\(view.rawValue).png"] }
  case .arguments(let arguments, let model, _):
    words = try drawingWords(arguments)
    // Earlier versions stored class indices, even for classes with names.
    if let label = provenance.label, let place = words.firstIndex(of: "--class"), place + 1 < words.count {
      words[place + 1] = "#\(label)"
    }
    let verb = words.prefix { !$0.hasPrefix("-") }.count
    words.insert(contentsOf: model.map { option("model", $0) } ?? [], at: verb)
  }
  return ["sample"] + words + ["--out", "again.png"]
}

/// The command that draws a request as one image or sheet.
public func drawingCommand(_ request: SamplingRequest, sheet: SheetLayout? = nil) -> [String] {
  ["sample"] + drawingWords(request, isImage: false, sheet: sheet, scale: 1) + ["--out", "again.png"]
}

/// An option and its value, attached if it looks like an option itself.
private func option(_ name: String, _ value: String) -> [String] {
  value.hasPrefix("-") ? ["--\(name)=\(value)"] : ["--\(name)", value]
}

private func drawingWords(_ request: SamplingRequest, isImage: Bool, sheet: SheetLayout?, scale: Int) -> [String] {
  var words: [String] = []
  let grid = sheet.map { ["--grid"] + ($0.columns.map { ["\($0)"] } ?? []) } ?? []
  switch request.source {
  case .noise: break
  case .reconstruction(let files):
    words = ["reconstruct"] + files.map(operand)
  case .interpolation(.pictures(let a, let b), _):
    words = ["interpolate", operand(a), operand(b)]
  case .interpolation(.seeds, _): words = ["interpolate"]
  }
  words += request.model.map { option("model", $0) } ?? []
  words +=
    sourceWords(request, isImage: isImage, grid: grid) + stepWords(request) + guidanceWords(request)
    + pictureWords(request)
  if scale != 1 { words += ["--scale", "\(scale)"] }
  if request.noiseStream == .torch {
    words += ["--rng", "torch", "--count", "\(request.count)"] + (request.batch.map { ["--batch", "\($0)"] } ?? [])
  }
  return words + request.settings.words
}

/// The options for the source of the noise and for the images to draw.
private func sourceWords(_ request: SamplingRequest, isImage: Bool, grid: [String]) -> [String] {
  switch request.source {
  case .noise:
    var words = request.seed.map { ["--seed", "\($0)"] } ?? []
    if isImage, let index = request.index { return words + ["--index", "\(index.lowerBound)"] }
    words += grid
    if let index = request.index {
      words += ["--index", "\(index.lowerBound)-\(index.upperBound)"]
    } else if request.noiseStream != .torch, !isImage, request.count > 1 || !grid.isEmpty {
      words += ["--count", "\(request.count)"]
    }
    return words + (request.shard.map { ["--shard", "\($0.number)/\($0.count)"] } ?? [])
  case .reconstruction: return grid
  case .interpolation(let ends, let frames):
    var words: [String] = []
    if case .seeds(let first, let last) = ends { words = ["--seed", "\(first)..\(last)"] }
    return words + ["--frames", "\(frames)"] + grid
  }
}

private func stepWords(_ request: SamplingRequest) -> [String] {
  var words: [String] = []
  if let steps = request.steps { words += ["--steps", "\(steps)"] }
  if let respacing = request.respacing { words += ["--respacing", respacing] }
  if let sigmas = request.sigmas { words += ["--sigmas", sigmas.map(numberText).joined(separator: ",")] }
  if let scales = request.scales { words += ["--ts", scales.map(String.init).joined(separator: ",")] }
  if let timesteps = request.timesteps { words += ["--timesteps", timesteps.map(String.init).joined(separator: ",")] }
  if let sampler = request.sampler, request.source == .noise { words += ["--sampler", sampler] }
  if let spacing = request.spacing { words += ["--spacing", spacing.rawValue] }
  if let eta = request.eta { words += ["--eta", "\(eta)"] }
  let churn = [
    ("s-churn", request.churn), ("s-tmin", request.churnMin), ("s-tmax", request.churnMax),
    ("s-noise", request.churnNoise),
  ]
  for (name, value) in churn { if let value { words += ["--\(name)", numberText(value)] } }
  return words
}

private func guidanceWords(_ request: SamplingRequest) -> [String] {
  var words: [String] = []
  if let guidance = request.guidance { words += option("guidance", "\(guidance)") }
  if let interval = request.guidanceInterval {
    words += ["--guidance-interval", "\(interval.lowerBound)-\(interval.upperBound)"]
  }
  if let guide = request.guideModel { words += option("guide-model", guide) }
  if let classifier = request.classifier { words += option("classifier", classifier) }
  if let scale = request.classifierScale { words += ["--classifier-scale", "\(scale)"] }
  if let classes = request.classes { words += option("class", classes.map(\.typed).joined(separator: ",")) }
  if let clips = request.clipDenoised { words += clips ? ["--clip-denoised", "True"] : ["--no-clip"] }
  return words
}

private func pictureWords(_ request: SamplingRequest) -> [String] {
  var words: [String] = []
  if let file = request.lowRes { words += option("low-res", file) }
  if let file = request.condition { words += option("condition", file) }
  if let file = request.initImage { words += option("init-image", file) }
  if let strength = request.strength { words += ["--strength", "\(strength)"] }
  if let file = request.mask { words += option("mask", file) }
  if let length = request.jumpLength { words += ["--jump-length", "\(length)"] }
  if let count = request.jumpCount { words += ["--jump-count", "\(count)"] }
  if let file = request.noise { words += option("noise", file) }
  return words
}

extension ClassSelection {
  /// As typed after `--class`.
  fileprivate var typed: String {
    switch self {
    case .name(let text), .typed(let text): text
    case .index(let index): "\(index)"
    }
  }
}

extension StatedSettings {
  /// The flags that state these settings, values attached, sorted by name.
  var words: [String] {
    func list<T>(_ values: [T]?, _ text: (T) -> String) -> String? { values?.map(text).joined(separator: ",") }
    func truth(_ value: Bool?) -> String? { value.map { $0 ? "True" : "False" } }
    func number(_ value: Int?) -> String? { value.map(String.init) }
    let all: [(name: String, value: String?)] = [
      ("attention-resolutions", list(attentionResolutions, String.init)),
      ("channel-mult", list(channelMult, numberText)),
      ("class-cond", truth(classCond)), ("condition-first", truth(conditionFirst)),
      ("diffusion-steps", number(diffusionSteps)), ("image-size", number(imageSize)),
      ("in-channels", number(inChannels)), ("learn-sigma", truth(learnSigma)),
      ("network", network.map(networkText)), ("noise-schedule", noiseSchedule),
      ("null-class", number(nullClass)), ("num-channels", number(numChannels)), ("num-classes", number(numClasses)),
      ("num-head-channels", number(numHeadChannels)), ("num-heads", number(numHeads)),
      ("num-heads-upsample", number(numHeadsUpsample)), ("num-res-blocks", number(numResBlocks)),
      ("predict-xstart", truth(predictXstart)), ("prediction", prediction), ("process", process),
      ("sigma-max", sigmaMax.map(numberText)), ("sigma-min", sigmaMin.map(numberText)),
      ("rescale-timesteps", truth(rescaleTimesteps)),
      ("resblock-updown", truth(resblockUpdown)), ("sigma-small", truth(sigmaSmall)),
      ("use-new-attention-order", truth(useNewAttentionOrder)), ("use-scale-shift-norm", truth(useScaleShiftNorm)),
    ]
    return all.compactMap { option in option.value.map { "--\(option.name)=\($0)" } }
  }
}

/// Settings of a network as `--network` takes them, sorted by name.
private func networkText(_ settings: [String: String]) -> String {
  settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
}
