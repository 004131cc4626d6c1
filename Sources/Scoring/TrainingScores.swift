import DiffusionModels
import DiffusionText
import DiffusionTraining
import Sampling

/// The scores of what a model in training draws, every so many steps: those that `sample score` prints of its
/// checkpoint, with the same number of pictures, network and reference.
public struct TrainingScores {
  private let request: TrainingRequest
  private let extractor: any FeatureExtractor
  private let moments: ReferenceMoments?
  /// The pictures of a reference other than the training images.
  private let pictures: (any PictureSource)?
  /// Pictures of the reference that cannot be read and are left out.
  public let bad: [BadPicture]
  private var reference: ScoreReference?

  /// Opens the network and the reference of a request; nil if it asks for no scores.
  ///
  /// - Parameters:
  ///   - request: what is asked for.
  ///   - looking: called now and then while pictures of the reference are decoded, with what is being done, how many
  ///     are done, and of how many.
  /// - Throws: `ScoringError`.
  public init?(
    _ request: TrainingRequest, looking: (_ stage: String, _ done: Int, _ count: Int) -> Void = { _, _, _ in }
  ) throws(ScoringError) {
    guard request.scoreInterval != nil else { return nil }
    self.request = request
    extractor = try featureExtractor(classifier: request.features, inception: request.inception)
    moments = try request.reference.flatMap { path throws(ScoringError) in try ReferenceMoments(path: path) }
    try moments?.check(extractor, path: request.reference ?? "")
    var (source, bad): ((any PictureSource)?, [BadPicture]) = (nil, [])
    if let path = request.reference, moments?.hasPictures ?? true {
      let opened = try openPictures(path)
      source = opened
      if request.skipsBad {
        (source, bad) = try opened.withoutBad { looking("looking at \(sanitized(path))", $0, $1) }
      }
    }
    if let source { try requireEnough([source], hasReference: true) }
    (pictures, self.bad) = (source, bad)
  }

  /// Computes the features of the reference: the training images, unless the request names another. They are kept in
  /// the run's folder.
  ///
  /// - Parameters:
  ///   - data: the training images.
  ///   - folder: the run's folder.
  ///   - progress: called now and then with the number of pictures done and of all; if it throws, this ends.
  ///   - stage: called now and then while pictures are looked at, and measured alone, with what is done and how much
  ///     of it.
  /// - Throws: `ScoringError`, and what `progress` throws; what is done by then is kept.
  public mutating func prepare(
    _ data: ImageDataset, folder: String, progress: @escaping (Int, Int) throws -> Void,
    stage: @escaping (_ stage: String, _ done: Int, _ of: Int) -> Void
  ) throws {
    let source: (any PictureSource)? =
      request.reference == nil ? TrainingPictures(path: request.data, data: data) : pictures
    let computation = FeatureComputation(
      extractor, batch: FeatureComputation.usualBatch, looking: stage, progress: progress)
    let features = try source.map {
      try computation.features(of: $0, keptIn: FeatureFile.path(beside: "\(folder)/reference", extractor))
    }
    reference = try ScoreReference(
      moments, pictures: features, path: request.reference ?? request.data, extractor, progress: stage)
  }

  /// Draws with a model, and measures what it has drawn. `prepare` has been called.
  ///
  /// - Parameters:
  ///   - source: the model.
  ///   - progress: called after each batch with the number of pictures done and of all, and after each step of a batch;
  ///     if it throws, this ends.
  /// - Throws: `ScoringError`, `SamplingError`, and what `progress` throws.
  public func callAsFunction(_ source: ModelSource, progress: @escaping (Int, Int) throws -> Void) throws -> Score {
    guard let reference else { preconditionFailure("the reference has no features yet") }
    var drawing = SamplingRequest()
    (drawing.count, drawing.seed) = (request.scoreCount, 0)
    let plan = try SamplingPlan(drawing, try DiffusionModel(source, path: nil))
    var done = 0
    let drawn = DrawnPictures(plan) { try progress(done, plan.indices.count) }
    let computation = FeatureComputation(extractor, batch: FeatureComputation.usualBatch) {
      done = $0
      try progress($0, $1)
    }
    let features = try computation.features(of: drawn, keptIn: nil)
    return try Score(
      features, labels: drawn.labels(for: extractor), path: "the drawn pictures", against: reference)
  }
}
