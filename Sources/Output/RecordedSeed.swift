import DiffusionFiles
import DiffusionImages
import Sampling

extension OutputRequest {
  /// The seed with which the images that --resume goes on with were drawn, and the file that says so; nil if a seed is
  /// stated, nothing is resumed, or there is nothing to go on with.
  ///
  /// - Throws: `OutputError.unknownSeed` if what is there does not say, `FileError`.
  public func recordedSeed(
    of request: SamplingRequest, _ program: OutputProgram
  ) throws -> (seed: UInt64, path: String)? {
    guard resume, request.seed == nil, request.source == .noise, let destination else { return nil }
    if let pattern = destination.pattern {
      // Without a number, a folder of inputs decides. Where images are in folders of their own, each is asked for.
      let takesFolders = [request.lowRes, request.condition, request.initImage].contains { $0 != nil }
      let most = pattern.folder == nil ? 10_000 : 1_000_000_000
      let count = request.statedCount ?? (takesFolders ? most : 1)
      let indices = ImageIndices(count: count, index: request.index, shard: request.shard)
      guard let found = try firstWithSeed(pattern, indices, program) else { return nil }
      guard let seed = found.seed else { throw OutputError.unknownSeed(path: found.path) }
      return (seed, found.path)
    }
    let unfinished = UnfinishedArchive(path: destination.path)
    guard let sink = destination.format.goesOn else { return nil }
    if try unfinished.isThere {
      guard let seed = try unfinished.requiredRecord().drawing.seed else {
        throw OutputError.unknownSeed(path: unfinished.partial)
      }
      return (seed, unfinished.partial)
    }
    guard try kind(ofPath: destination.path) == .file,
      let seed = try sink.provenance(ofFinished: destination.path)?.seed
    else { return nil }
    return (seed, destination.path)
  }

  /// The first file that is whole, and its seed; nil if there is none.
  private func firstWithSeed(
    _ pattern: OutputPattern, _ indices: ImageIndices, _ program: OutputProgram
  ) throws -> (seed: UInt64?, path: String)? {
    for image in try imagesThatExist(pattern, indices) {
      let path = pattern.path(for: image)
      // One that is damaged is drawn again.
      guard let chunks = try? pngText(try readFile(path)) else { continue }
      let drawing = try? Provenance.read(chunks)
      return (drawing?.seed ?? drawing.flatMap(program.earlierRequest)?.seed, path)
    }
    return nil
  }
}
