import DiffusionCheckpoints
import DiffusionCore
import DiffusionFiles
import DiffusionModels
import DiffusionText
import TensorCore

/// A run before its next step: its data, its model and its state, all checked.
struct RunBeginning {
  let specification: TrainingSpecification
  var loop: TrainLoop
  /// What should be said of the files that it begins with, a line each.
  var remarks: [String] = []

  /// Called now and then while the data's files are looked at, with the number done and that of all.
  typealias Looking = (_ done: Int, _ count: Int) -> Void

  /// The beginning of a run in no folder yet, or, with a record, in one that has no checkpoint yet.
  ///
  /// - Throws: `TrainingError` for a faulty request, data or model.
  init(
    _ request: TrainingRequest, goingOnWith record: RunRecord? = nil, looking: Looking
  ) throws(TrainingError) {
    self = try Self(
      request, learned: request.initialModel.map { (path: $0, isOwn: false) }, record, looking)
    if let path = request.resumeCheckpoint { remarks += try InitialCheckpoint(path).restore(&loop) }
    if let path = request.distilled { remarks.append("\(sanitized(path)): becomes a consistency model") }
  }

  /// The state after `step` of the run in `folder`.
  ///
  /// - Throws: as `init(_:)`, and if the request asks for another model than the checkpoint's, or the data has other
  ///   classes.
  init(
    _ request: TrainingRequest, after step: Int, in folder: String, goingOnWith record: RunRecord, looking: Looking
  ) throws(TrainingError) {
    let path = "\(folder)/\(RunFolder.file(RunFolder.model, step: step))"
    // What a run began from says more than its flags, and may be gone.
    self = try Self(
      request, learned: request.initialModel == nil ? nil : (path: path, isOwn: true), record, looking)
    let described = try inTrainingTerms {
      try DescribedModel.read(try StateDict.read(path: path), path: path)?.description
    }
    if let described {
      // The names of what a run began from are kept where the data has none.
      let hasNames = record.data?.namesClasses ?? (request.initialModel == nil)
      try check(described, of: path, folder: folder, needsNames: hasNames)
    }
    try TrainingCheckpoint.restore(&loop, from: folder, step: step)
  }

  private init(
    _ request: TrainingRequest, learned place: (path: String, isOwn: Bool)?, _ record: RunRecord?, _ looking: Looking
  ) throws(TrainingError) {
    if let problem = request.problem { throw .request(problem) }
    let learned = try inTrainingTerms { try place.map { try LearnedModel($0.path, request, isOwn: $0.isOwn) } }
    let request = learned?.request ?? request
    if let problem = request.problem { throw .request(problem) }
    (specification, loop) = try inTrainingTerms {
      if request.sampleInterval != nil { try SampleSheet.check(request) }
      // What is wrong with the model whatever the data is, before looking at the data.
      if learned == nil {
        _ = try TrainingSpecification(request, classCount: request.wantsClasses ? 1 : nil, classNames: nil)
      }
      let data = try ImageDataset(request, goingOnWith: record, looking: looking)
      let request = request.settled(by: data)
      // What only the data has decided.
      if let problem = request.problem { throw TrainingError.request(problem) }
      if request.scoreInterval != nil, request.reference == nil, data.count < 4 {
        throw TrainingError.request(
          "--score-interval compares with the training images, and \(counted(data.count, "picture")) "
            + "\(data.count == 1 ? "is" : "are") too few; name others with --reference, or leave it out")
      }
      let specification: TrainingSpecification
      let weights: Weights
      if let learned {
        let classes = LearnedClasses(
          file: learned.name, names: learned.description.classNames, count: learned.description.classCount)
        if let problem = classes.difference(from: data.classNames, count: data.classCount, path: request.data) {
          throw TrainingError.otherClasses(problem)
        }
        var description = learned.description
        description.classNames = data.classNames ?? description.classNames
        specification = try TrainingSpecification(request, description)
        weights = Weights(learned.state)
      } else {
        specification = try TrainingSpecification(request, classCount: data.classCount, classNames: data.classNames)
        weights = Weights(randomSeed: request.seed)
      }
      let variables = weights.asVariables()
      let loss = try specification.loss(variables)
      learned?.state.releasePages()
      let sampler = request.scheduleSampler.make(seed: request.seed, steps: specification.process.steps)
      let settings = TrainingSettings(request, nullClass: specification.description.nullClass)
      return (
        specification, TrainLoop(settings, loss: loss, variables: variables.variables, data: data, sampler: sampler)
      )
    }
    if let line = SampleSheet.remark(specification.request) { remarks.append(line) }
    if learned == nil, let line = specification.attentionRemark { remarks.append(line) }
    if specification.description.nullClass != nil && request.nullClassProbability == nil {
      remarks.append("the model has a null class, but --null-class is not given: no label is replaced by it")
    }
  }

  /// Checks that the model is that of a checkpoint of the run in `folder`, whose description is `known`.
  ///
  /// - Throws: `TrainingError.request`, `.otherClasses`, which name what differs.
  private func check(
    _ known: ModelDescription, of file: String, folder: String, needsNames: Bool
  ) throws(TrainingError) {
    let (data, path) = (loop.data, specification.request.data)
    let classes = LearnedClasses(
      file: file, names: known.classNames, count: known.classCount, needsNames: needsNames)
    if let problem = classes.difference(from: data.classNames, count: data.classCount, path: path) {
      throw .otherClasses(problem)
    }
    guard let difference = specification.description.firstDifference(from: known) else { return }
    throw .request(
      "--\(difference.flag): \(sanitized(folder)) was begun with \(difference.known), and cannot change that; "
        + "leave it out")
  }
}

extension ModelDescription {
  /// The number of classes of a denoiser, without the null class, or of a classifier; nil if there are none.
  var classCount: Int? {
    kind == Architecture.Kind.classifier.rawValue
      ? outChannels : numClasses.map { nullClass == nil || $0 < 1 ? $0 : $0 - 1 }
  }

  /// The first setting that both descriptions give, and give otherwise.
  fileprivate func firstDifference(from known: ModelDescription) -> (flag: String, known: String)? {
    let flags = [
      "modelChannels": "num-channels", "outChannels": "learn-sigma", "attentionResolutions": "attention-resolutions",
      "numClasses": "class-cond", "kind": "classifier",
    ]
    let (mine, theirs) = (comparable, known.comparable)
    for (a, b) in zip(Mirror(reflecting: mine).children, Mirror(reflecting: theirs).children) {
      guard let key = a.label, let x = Self.text(a.value), let y = Self.text(b.value), x != y else { continue }
      let hyphened = key.reduce(into: "") { $0 += $1.isUppercase ? "-\($1.lowercased())" : String($1) }
      return (flags[key] ?? hyphened, y)
    }
    return (numClasses == nil) == (known.numClasses == nil)
      ? nil : ("class-cond", known.numClasses == nil ? "no classes" : "classes")
  }

  /// Without the classes, which are compared by name, and with what is said in two forms in one.
  private var comparable: ModelDescription {
    var copy = self
    (copy.prediction, copy.predictXstart, copy.process) = (statedPrediction, nil, process ?? "diffusion")
    (copy.classNames, copy.family) = (nil, nil)
    // As they are typed: resolutions, not factors. A file may say anything.
    copy.attentionResolutions = attentionResolutions.map { $0.map { $0 > 0 ? (imageSize ?? 0) / $0 : $0 } }
    return copy
  }

  /// The value of an optional property; nil if it is nil.
  private static func text(_ value: Any) -> String? {
    let mirror = Mirror(reflecting: value)
    guard mirror.displayStyle == .optional else { return "\(value)" }
    return mirror.children.first.map { "\($0.value)" }
  }
}
