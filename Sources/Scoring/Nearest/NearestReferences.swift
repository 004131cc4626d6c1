import DiffusionImages
import TensorCore

/// Which of the reference's pictures each picture is nearest to, for seeing whether a model draws copies.
public struct NearestReferences: Sendable {
  /// A picture and those of the reference that are nearest to it.
  public struct Pair: Sendable {
    /// The picture.
    public let picture: Int
    /// The nearest by features, and how far it is.
    public let byFeatures: (reference: Int, distance: Double)
    /// The nearest by pixels, and how far it is: the root of the mean squared difference, in units of 255.
    public let byPixels: (reference: Int, distance: Double)
  }

  /// The pictures that are nearest to one of the reference, the nearest first.
  public let pairs: [Pair]
  /// How often, of all pairs of a picture and one that was held out, the picture is nearer to the reference: half of
  /// the time if the model draws as freely as nature, more if it copies (Meehan et al. 2020); nil without such ones.
  public let nearerThanHeldOut: Double?

  /// Finds them.
  ///
  /// - Parameters:
  ///   - count: the number of pairs wanted.
  ///   - pictures: the pictures, and their features.
  ///   - reference: what the model has learned from.
  ///   - heldOut: pictures like the reference's that it has not learned from.
  ///   - progress: called now and then with the part that is done.
  /// - Throws: `ScoringError`; of pictures that are drawn, also what ends the drawing.
  public init(
    _ count: Int, of pictures: (source: any PictureSource, features: Features),
    in reference: (source: any PictureSource, features: Features), heldOut: Features?,
    progress: (_ done: Int, _ of: Int) -> Void
  ) throws {
    let nearest = try nearestNeighbours(of: pictures.features, in: reference.features, progress: progress)
    let side = min(32, try reference.source.picture(0).width, try pictures.source.picture(0).width)
    let byPixels = try nearestNeighbours(
      of: Self.pixels(pictures.source, side: side), in: Self.pixels(reference.source, side: side), progress: progress)
    // Of equal distances the lower index comes first, whatever the sort does.
    let order = nearest.distances.indices.sorted {
      (nearest.distances[$0], $0) < (nearest.distances[$1], $1)
    }
    let scale = 255 * Double(side * side * 3).squareRoot()
    pairs = order.prefix(count).map { i in
      Pair(
        picture: i, byFeatures: (nearest.indices[i], nearest.distances[i]),
        byPixels: (byPixels.indices[i], byPixels.distances[i] / scale))
    }
    nearerThanHeldOut = try heldOut.map { heldOut in
      let others = try nearestNeighbours(of: heldOut, in: reference.features, progress: progress).distances.sorted()
      return Self.shareBelow(nearest.distances, others)
    }
  }

  /// The share of pairs in which a number of the first list is below one of the second, equal ones counting half
  /// (Mann–Whitney's U, divided by the number of pairs).
  ///
  /// - Parameter others: in ascending order.
  static func shareBelow(_ values: [Double], _ others: [Double]) -> Double {
    /// The numbers for which `isBefore` holds, which are the first.
    func count(_ isBefore: (Double) -> Bool) -> Int {
      var (low, high) = (0, others.count)
      while low < high {
        let middle = (low + high) / 2
        if isBefore(others[middle]) { low = middle + 1 } else { high = middle }
      }
      return low
    }
    var sum = 0.0
    for value in values {
      let (below, notAbove) = (count { $0 < value }, count { $0 <= value })
      sum += Double(others.count - notAbove) + Double(notAbove - below) / 2
    }
    return sum / (Double(values.count) * Double(others.count))
  }

  /// The pixels of pictures, cut and scaled to squares of a few pixels, as features.
  private static func pixels(_ source: any PictureSource, side: Int) throws -> Features {
    var values: [Float] = []
    values.reserveCapacity(source.count * side * side * 3)
    for i in 0..<source.count {
      let picture = try source.picture(i).fitted(toSquare: side).converted(toChannels: 3)
      values += picture.pixels.map { Float($0) }
    }
    return try Features(Tensor([source.count, side * side * 3], values), of: source.path)
  }

  /// A sheet with a row for each pair: the picture, the nearest by features, the nearest by pixels.
  ///
  /// - Throws: `ScoringError`, `ImageError`.
  public func sheet(_ pictures: any PictureSource, _ reference: any PictureSource) throws -> Picture {
    let first = try pictures.picture(pairs[0].picture)
    // Copies are seen on a sheet that fits a screen.
    let side = min(first.width, first.height, 256)
    let all = try pairs.flatMap { pair in
      [
        try pictures.picture(pair.picture), try reference.picture(pair.byFeatures.reference),
        try reference.picture(pair.byPixels.reference),
      ]
    }
    return try grid(all.map { $0.fitted(toSquare: side).converted(toChannels: 3) }, columns: 3)
  }
}
