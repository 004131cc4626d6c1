import DiffusionBytes
import DiffusionImages
import DiffusionTraining

/// The pictures that a run learns from, as its model sees them: cut, scaled, and of its channels.
struct TrainingPictures: PictureSource {
  let path: String
  /// The run's folder, which keeps their features.
  let folder: String
  let data: ImageDataset

  var count: Int { data.count }
  var labels: [Int]? { data.labels }

  func featuresPath(_ extractor: any FeatureExtractor) -> String? {
    FeatureFile.path(beside: "\(folder)/data", extractor)
  }

  /// Of the pixels, so that it takes as long as it takes to read them all.
  func fingerprint() throws(ScoringError) -> String {
    var hash = SHA256()
    for index in 0..<count { hash.update(try picture(index).pixels) }
    return hash.hexDigest()
  }

  func picture(_ index: Int) throws(ScoringError) -> Picture {
    do { return try data.picture(index) } catch { throw .dataset(error) }
  }
}
