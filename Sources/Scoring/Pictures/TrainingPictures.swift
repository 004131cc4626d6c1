import DiffusionBytes
import DiffusionImages
import DiffusionTraining

/// The pictures that a run learns from, as its model sees them: cut, scaled, and of its channels.
struct TrainingPictures: PictureSource {
  let path: String
  let data: ImageDataset

  var count: Int { data.count }

  /// The run that learns from them keeps their features.
  func featuresPath(_ extractor: any FeatureExtractor) -> String? { nil }

  func fingerprint(progress: (Int, Int) -> Void) throws -> String {
    var hash = SHA256()
    hash.update(Array("\(data.imageSize) \(data.channels) \(data.backgroundName)".utf8))
    if data.files.isEmpty {
      for index in 0..<count { hash.update(try picture(index).pixels) }
    } else {
      try hash.update(files: data.files, progress: progress)
    }
    return hash.hexDigest()
  }

  func picture(_ index: Int) throws(ScoringError) -> Picture {
    do { return try data.picture(index) } catch { throw .dataset(error) }
  }
}
