import DiffusionText

/// What a run's data was when it began, in its `run.json`.
public struct DataRecord: Sendable, Equatable, Codable {
  /// The number of pictures.
  public let pictures: Int
  /// The number of pictures of each class, by label; nil without classes.
  public let classSizes: [Int]?
  /// Whether its classes have names; nil without classes, and in earlier versions' records.
  public let namesClasses: Bool?

  init(_ data: ImageDataset) {
    (pictures, classSizes) = (data.count, data.classSizes)
    namesClasses = data.classCount.map { _ in data.classNames != nil }
  }

  /// What is to be said of `data` if it is another number of pictures than when the run began; nil if it is the same.
  func difference(from data: ImageDataset) -> String? {
    if data.count == pictures {
      guard let classSizes, let sizes = data.classSizes, sizes != classSizes else { return nil }
      return "the data has changed: its classes have not as many pictures each as when the run began"
    }
    let before = counted(pictures, "picture")
    return "the data has changed: it was \(before) when the run began, and is \(grouped(data.count)) now"
  }

  private enum CodingKeys: String, CodingKey {
    case pictures
    case classSizes = "class_sizes"
    case namesClasses = "names_classes"
  }
}

extension ImageDataset {
  /// Opens the data of a request.
  ///
  /// - Parameters:
  ///   - request: the request.
  ///   - record: that of the run to go on with, whose data is read as it was when it began.
  ///   - looking: called now and then while files are looked at.
  /// - Throws: `DatasetError`.
  init(
    _ request: TrainingRequest, goingOnWith record: RunRecord?, looking: (_ done: Int, _ count: Int) -> Void
  ) throws(DatasetError) {
    var options = DatasetOptions()
    (options.background, options.skipsBad) = (request.background, request.skipsBad)
    options.classSource = request.classSource
    // Earlier versions kept no record of data, read PNGs only, and had 3 channels if no number was given.
    let isEarlier = record != nil && record?.data == nil
    options.isAsBefore = isEarlier
    try self.init(
      path: request.data, imageSize: request.imageSize,
      channels: isEarlier ? request.imageChannels : request.settings.inChannels, classes: request.wantsClasses,
      options: options, progress: looking)
  }
}

extension TrainingRequest {
  /// The request with what its data has decided, so that a run goes on with the same.
  func settled(by data: ImageDataset) -> TrainingRequest {
    var request = self
    request.settings.inChannels = data.channels
    request.classSource = classSource ?? data.classSource
    // More steps later do not change what the first were.
    if distilled != nil { request.distillationStage = stageSteps }
    return request
  }
}
