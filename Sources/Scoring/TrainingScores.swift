import DiffusionModels
import DiffusionTraining
import Sampling

/// The scores of what a model in training draws, every so many steps: those that `sample score` prints for its
/// checkpoint with the same number of pictures, network and reference.
public struct TrainingScores {
  private let extractor: any FeatureExtractor
  private let moments: ReferenceMoments?
  private let pictures: (any PictureSource)?
  private let count: Int
  private var reference: ScoreReference?

  /// Opens the network and the reference of a request; nil if it asks for no scores.
  ///
  /// - Throws: `ScoringError`.
  public init?(_ request: TrainingRequest) throws(ScoringError) {
    guard request.scoreInterval != nil else { return nil }
    extractor = try featureExtractor(classifier: request.features, inception: request.inception)
    moments = try request.reference.flatMap { path throws(ScoringError) in try ReferenceMoments(path: path) }
    pictures =
      if let path = request.reference, moments?.hasPictures ?? true { try openPictures(path) } else { nil }
    count = request.scoreCount
    try requireEnough(pictures.map { [$0] } ?? [], hasReference: true)
  }

  /// Computes the features of the reference: the training pictures, unless the request names another. They are kept in
  /// the run's folder, or beside the reference.
  ///
  /// - Parameters:
  ///   - data: the training pictures.
  ///   - request: the run's request.
  ///   - folder: the run's folder.
  ///   - progress: called now and then with the number of pictures done and of all; if it throws, this ends.
  /// - Throws: `ScoringError`, and what `progress` throws; what is done by then is kept.
  public mutating func prepare(
    _ data: ImageDataset, _ request: TrainingRequest, folder: String, progress: @escaping (Int, Int) throws -> Void
  ) throws {
    let learned = TrainingPictures(path: request.data, folder: folder, data: data)
    let source: (any PictureSource)? = request.reference == nil ? learned : pictures
    if let source { try requireEnough([source], hasReference: true) }
    let computation = FeatureComputation(extractor, batch: FeatureComputation.usualBatch, progress: progress)
    let features = try source.map { try computation.features(of: $0, keptIn: $0.featuresPath(extractor)) }
    reference = try ScoreReference(moments, pictures: features, path: request.reference ?? request.data, extractor)
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
    var request = SamplingRequest()
    (request.count, request.seed) = (count, 0)
    let plan = try SamplingPlan(request, try DiffusionModel(source, path: nil))
    var done = 0
    let drawn = DrawnPictures(plan) { try progress(done, plan.indices.count) }
    let computation = FeatureComputation(extractor, batch: FeatureComputation.usualBatch) {
      done = $0
      try progress($0, $1)
    }
    let features = try computation.features(of: drawn, keptIn: nil)
    return try Score(
      features, labels: extractor.tellsClasses ? drawn.labels : nil, path: "what is drawn", against: reference)
  }
}
