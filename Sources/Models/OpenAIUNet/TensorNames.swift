import DiffusionCheckpoints

/// The names that another code base gives to the layers of this UNet, and the original's.
struct TensorNames: Sendable {
  /// Their names by the original's, without `.weight` and `.bias`; several names for one are its parts, in order.
  private var byOriginal: [String: [String]] = [:]
  /// The original's names by theirs.
  private var byTheirs: [String: String] = [:]
  /// Tensors that this network does not have, by their names.
  var ignored: Set<String> = []
  /// Layers whose input has sines and cosines in turn, where the original has one after the other.
  var interleaved: Set<String> = []

  /// No names yet.
  init() {}

  /// Enters a layer, or the next part of it.
  mutating func enter(_ theirs: String, _ original: String) {
    byOriginal[original, default: []].append(theirs)
    byTheirs[theirs] = original
  }

  /// Enters the layers of a residual block.
  ///
  /// - Parameter layers: their names in the order of the block: normalisation, convolution, projection of the
  ///   embedding, normalisation, convolution, skip connection.
  mutating func enterResBlock(_ theirs: String, _ original: String, _ layers: [String]) {
    let originals = ["in_layers.0", "in_layers.2", "emb_layers.1", "out_layers.0", "out_layers.3", "skip_connection"]
    for (layer, name) in zip(layers, originals) { enter("\(theirs).\(layer)", "\(original).\(name)") }
  }

  /// Enters the layers of an attention block.
  ///
  /// - Parameters:
  ///   - norm: the name of its normalisation.
  ///   - qkv: the name of its projection to queries, keys and values, or those of its three parts.
  ///   - out: the name of its last projection.
  mutating func enterAttention(_ theirs: String, _ original: String, norm: String, qkv: [String], out: String) {
    enter("\(theirs).\(norm)", "\(original).norm")
    for part in qkv { enter("\(theirs).\(part)", "\(original).qkv") }
    enter("\(theirs).\(out)", "\(original).proj_out")
  }

  /// How to assemble the original's tensors from those of `state`, in their order. Tensors without a counterpart keep
  /// their names.
  func assemblies(_ state: StateDict) -> [AssembledName] {
    assemblies(state.names) { state.shape(of: $0)?.count ?? 0 }
  }

  /// The same for the tensors `names`, with `dimensions` of each.
  func assemblies(_ names: [String], dimensions: (String) -> Int) -> [AssembledName] {
    var seen: Set<String> = []
    return names.compactMap { name in
      if ignored.contains(name) { return nil }
      guard let (layer, parameter) = split(name), let original = byTheirs[layer] else {
        return AssembledName(name, parts: [name])
      }
      let target = "\(original).\(parameter)"
      guard seen.insert(target).inserted else { return nil }
      let isProjection = (original.hasSuffix(".qkv") || original.hasSuffix(".proj_out")) && parameter == "weight"
      // The original's projections are convolutions in one dimension; others' are linear layers, or in two.
      return AssembledName(
        target, parts: parts(of: target) ?? [name], trailingOnes: isProjection ? 3 - dimensions(name) : 0,
        evenColumnsFirst: interleaved.contains(layer) && parameter == "weight")
    }
  }

  /// Their names for a tensor of the original; nil if it has none.
  func parts(of original: String) -> [String]? {
    guard let (layer, parameter) = split(original), let parts = byOriginal[layer] else { return nil }
    return parts.map { "\($0).\(parameter)" }
  }

  /// The original's name for one of their layers; nil if it has none.
  func original(of layer: String) -> String? { byTheirs[layer] }

  /// Splits a name into its layer and the rest, `weight` or `bias`.
  private func split(_ name: String) -> (layer: String, parameter: String)? {
    guard let dot = name.lastIndex(of: ".") else { return nil }
    return (String(name[..<dot]), String(name[name.index(after: dot)...]))
  }

  /// The checkpoint with the original's names.
  ///
  /// - Parameters:
  ///   - contents: the checkpoint with theirs.
  ///   - whose: whose names they are, for instance `diffusers'`.
  ///   - described: the description in the code base's own files.
  ///   - others: tensors that the file does without.
  /// - Throws: `ModelError.checkpoint` if parts do not fit.
  func checkpoint(
    _ contents: CheckpointContents, whose: String, described: DescribedModel? = nil, adding others: [AssembledName] = []
  ) throws(ModelError) -> FamilyCheckpoint {
    do {
      return FamilyCheckpoint(
        contents, state: try contents.state.assembled(assemblies(contents.state) + others), described: described,
        namesInFile: "\(whose) names", parts: { parts(of: $0) })
    } catch { throw .checkpoint(error) }
  }
}

/// A network's blocks as flat lists: of both halves, whose order is the original's, and of the middle. The decoder's
/// has upsampling layers as blocks of their own, where in the original they belong to the block before.
struct FlatLists {
  /// The lists' names: `downblocks`, …
  let down: String
  let middle: String
  let up: String
  /// The number of the first block after the first convolution in `down`.
  let first: Int
  /// The convolution in a block that downsamples, and in one that upsamples.
  let downsampling: String
  let upsampling: String
}

extension TensorNames {
  /// Enters the blocks of `lists`.
  ///
  /// - Parameters:
  ///   - lists: the lists' names.
  ///   - numbers: the numbers in the checkpoint's names.
  ///   - enterBlock: enters a residual block, and its attention if there is one; returns whether there is.
  mutating func enter(
    _ lists: FlatLists, _ numbers: NameNumbers,
    _ enterBlock: (_ table: inout TensorNames, _ theirs: String, _ original: String, _ attention: String) -> Bool
  ) {
    for block in lists.first..<max(numbers.count("\(lists.down)."), lists.first) {
      let (theirs, original) = ("\(lists.down).\(block)", "input_blocks.\(block + 1 - lists.first)")
      if numbers.has("\(theirs).\(lists.downsampling).") {
        enter("\(theirs).\(lists.downsampling)", "\(original).0.op")
      } else {
        _ = enterBlock(&self, theirs, "\(original).0", "\(original).1")
      }
    }
    _ = enterBlock(&self, "\(lists.middle).0", "middle_block.0", "middle_block.1")
    _ = enterBlock(&self, "\(lists.middle).1", "middle_block.2", "middle_block.3")
    var (place, hasAttention) = (-1, false)
    for block in 0..<numbers.count("\(lists.up).") {
      let theirs = "\(lists.up).\(block)"
      if numbers.has("\(theirs).\(lists.upsampling).") {
        enter("\(theirs).\(lists.upsampling)", "output_blocks.\(place).\(hasAttention ? 2 : 1).conv")
      } else {
        place += 1
        hasAttention = enterBlock(&self, theirs, "output_blocks.\(place).0", "output_blocks.\(place).1")
      }
    }
  }
}

/// The numbers in names: how many blocks and levels there are.
struct NameNumbers {
  private let names: [String]
  /// The beginnings of names up to each of their first dots, with the dot.
  private let beginnings: Set<String>

  /// The numbers in `names`.
  init(_ names: [String]) {
    self.names = names
    var beginnings: Set<String> = []
    for name in names {
      var parts = 0
      for index in name.indices where name[index] == "." && parts < 6 {
        parts += 1
        beginnings.insert(String(name[...index]))
      }
    }
    self.beginnings = beginnings
  }

  /// One more than the largest number that follows `prefix`; 0 if none does. No checkpoint has more than 4,096 blocks.
  func count(_ prefix: String) -> Int {
    let numbers = names.compactMap { name in
      name.hasPrefix(prefix) ? name.dropFirst(prefix.count).split(separator: ".").first.flatMap { Int($0) } : nil
    }
    return min(max(numbers.max() ?? -1, -1), 4095) + 1
  }

  /// Whether a name begins with `prefix`, which ends with one of its first dots.
  func has(_ prefix: String) -> Bool { beginnings.contains(prefix) }
}
