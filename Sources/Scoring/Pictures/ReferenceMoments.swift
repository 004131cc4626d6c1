import DiffusionBytes
import DiffusionFiles
import DiffusionImages

/// The means and covariances of features that other programs have saved: a `.npz` with `mu` `[D]` and `sigma` `[D, D]`
/// (pytorch-fid, clean-fid), or also `mu_s` and `sigma_s` of spatial features (the reference batches of
/// guided-diffusion).
public struct ReferenceMoments: Sendable {
  /// Of the features before the last layer.
  public let pool: FeatureMoments
  /// Of the spatial features; nil if there are none.
  public let spatial: FeatureMoments?
  /// Whether the file has pictures too, as guided-diffusion's reference batches do.
  public let hasPictures: Bool

  /// Reads the arrays; nil if there is no `mu` and `sigma` in the file.
  ///
  /// - Throws: `ScoringError`.
  public init?(path: String) throws(ScoringError) {
    guard try inScoringTerms({ try kind(ofPath: path) }) == .file else { return nil }
    let file = try inScoringTerms { try MappedFile(path: path) }
    // Told from the directory: pictures may take gigabytes. What is damaged is named by whoever reads those.
    guard let bytes = file.slice(0, file.count),
      let entries = try? ZipArchive(bytes, takesDeflate: true).entries, entries["mu.npy"] != nil,
      entries["sigma.npy"] != nil
    else { return nil }
    let archive: NPZArchive
    do { archive = try NPZArchive([UInt8](bytes), path: path) } catch { throw .image(error) }
    hasPictures = archive.names.contains("arr_0")
    pool = try Self.moments("mu", "sigma", archive, path)
    spatial = archive.names.contains("mu_s") ? try Self.moments("mu_s", "sigma_s", archive, path) : nil
  }

  /// - Throws: `ScoringError.otherFeatures` if they are of another network than `extractor`.
  func check(_ extractor: any FeatureExtractor, path: String) throws(ScoringError) {
    let (widths, network) = (extractor.widths, extractor.name)
    let spatial = widths.spatial > 0 ? spatial.map { ($0.dimensions, widths.spatial) } : nil
    for (width, needed) in [(pool.dimensions, widths.pool), spatial].compactMap(\.self) where width != needed {
      throw .otherFeatures(path: path, width: width, needed: needed, network: network)
    }
  }

  private static func moments(
    _ mean: String, _ covariance: String, _ archive: NPZArchive, _ path: String
  ) throws(ScoringError) -> FeatureMoments {
    let (mu, sigma) = (try numbers(mean, archive, path), try numbers(covariance, archive, path))
    guard mu.shape.count == 1, sigma.shape == [mu.shape[0], mu.shape[0]], mu.shape[0] > 0 else {
      throw .momentShapes(path: path, mean: mu.shape, covariance: sigma.shape)
    }
    return try FeatureMoments(mean: mu.values, covariance: sigma.values, of: path)
  }

  private static func numbers(
    _ name: String, _ archive: NPZArchive, _ path: String
  ) throws(ScoringError) -> (shape: [Int], values: [Double]) {
    let array: NPYArray
    do { array = try archive.array(name) } catch { throw .image(error) }
    let values: [Double]
    switch array.elements {
    case .float64(let numbers): values = numbers
    case .float32(let numbers): values = numbers.map(Double.init)
    default: throw .momentType(path: path, array: name, type: array.elements.type)
    }
    return (array.shape, values)
  }
}
