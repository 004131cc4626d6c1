import DiffusionCheckpoints

/// The shape of a network, read off the names and shapes of its tensors.
struct LucidrainsShape: Sendable {
  /// An attention's place and form.
  struct Attention: Sendable {
    /// The scope of its projections.
    let scope: String
    /// The scope of the normalisation before it.
    let norm: String
    /// Whether positions see each other, rather than through linear attention.
    let isFull: Bool
    /// The channels of all heads.
    let width: Int
    /// The heads and the memory's positions, where there is a memory that shows them.
    let memory: (heads: Int, count: Int)?
  }

  /// The channels of the images.
  let imageChannels: Int
  /// The channels that it puts out.
  let outChannels: Int
  /// Whether it takes x̂₀ of the step before.
  let takesSelfCondition: Bool
  /// The channels of the first convolution, then those that each level leads to.
  let widths: [Int]
  /// `dim`, of which the embeddings have four times as many.
  let dim: Int
  /// The learned or random frequencies of the timestep; nil if they are fixed.
  let frequencies: Int?
  /// The classes, without the null class; nil if there are none.
  let classes: Int?
  /// The attention of each level on the way down, the middle's, and those on the way up.
  let down: [Attention]
  let middle: Attention
  let up: [Attention]
  /// Whether blocks normalise by the root mean square.
  let hasRMSBlocks: Bool
  /// Whether attention has a memory.
  let hasMemory: Bool
  /// Whether attention is wrapped in `fn`.
  let wrapsAttention: Bool
  /// Whether downsampling moves pixels to channels.
  let unshuffles: Bool
  /// Whether attention's normalisation has a bias.
  let hasNormBias: Bool

  var levels: Int { widths.count - 1 }
  var hasClasses: Bool { classes != nil }
  var learnsVariance: Bool { outChannels == 2 * imageChannels }
  /// The factor that images are made smaller by.
  var sizeMultiple: Int { 1 << (levels - 1) }

  /// Reads the shape.
  ///
  /// - Throws: `ModelError.unusable` if no such network is possible.
  init(_ state: StateDict, name: String) throws(ModelError) {
    func fail(_ reason: String) -> ModelError { .unusable(reason: "\(name): \(reason)") }
    func shape(_ tensor: String, _ dimensions: Int) throws(ModelError) -> [Int] {
      guard let shape = state.shape(of: tensor), shape.count == dimensions,
        shape.allSatisfy({ (1...1 << 20).contains($0) })
      else { throw fail("its tensor \(tensor) is missing or has an impossible shape; is it another network?") }
      return shape
    }
    let names = Set(state.names)
    let levels = (0...Self.mostLevels).first { !names.contains("downs.\($0).0.block1.proj.weight") } ?? 0
    guard (1...Self.mostLevels).contains(levels) else {
      throw fail("a network of more than \(Self.mostLevels) levels is not possible")
    }

    let first = try shape("init_conv.weight", 4)
    outChannels = try shape("final_conv.weight", 4)[0]
    takesSelfCondition = first[1] == 2 * outChannels
    imageChannels = takesSelfCondition ? outChannels : first[1]
    guard [imageChannels, 2 * imageChannels].contains(outChannels) else {
      throw fail(
        """
        takes \(first[1]) channels and puts out \(outChannels), neither images nor images and their variance; models \
        of WeightedObjectiveGaussianDiffusion and of other out_dim cannot be drawn from
        """)
    }
    dim = try shape("time_mlp.1.weight", 2)[0] / 4
    frequencies = names.contains("time_mlp.0.weights") ? try shape("time_mlp.0.weights", 1)[0] : nil
    classes = names.contains("classes_emb.weight") ? try shape("classes_emb.weight", 2)[0] : nil
    var widths = [first[0]]
    for level in 0..<levels {
      let isLast = level == levels - 1
      let moved = !isLast && names.contains("downs.\(level).3.1.weight")
      widths.append(try shape("downs.\(level).3.\(moved ? "1." : "")weight", 4)[0])
    }
    self.widths = widths
    unshuffles = names.contains("downs.0.3.1.weight")

    func attention(_ scope: String) throws(ModelError) -> Attention {
      let prefix = ["\(scope).fn.fn", "\(scope).fn", scope].first { names.contains("\($0).to_qkv.weight") } ?? scope
      let norm = prefix == scope ? "\(scope).norm" : "\(scope).fn.norm"
      let width = try shape("\(prefix).to_qkv.weight", 4)[0]
      guard width % 3 == 0 else { throw fail("its tensor \(prefix).to_qkv.weight has \(width) rows, not three parts") }
      let isFull = names.contains("\(prefix).to_out.weight")
      var memory: (heads: Int, count: Int)?
      if names.contains("\(prefix).mem_kv") {
        let found = try shape("\(prefix).mem_kv", 4)
        guard found[0] == 2, found[1] * found[isFull ? 3 : 2] == width / 3 else {
          throw fail("its tensor \(prefix).mem_kv of shape \(found) fits no heads of \(width / 3) channels together")
        }
        memory = (found[1], found[isFull ? 2 : 3])
      }
      return Attention(scope: prefix, norm: norm, isFull: isFull, width: width / 3, memory: memory)
    }
    var (down, up): ([Attention], [Attention]) = ([], [])
    for level in 0..<levels {
      down.append(try attention("downs.\(level).2"))
      up.append(try attention("ups.\(level).2"))
    }
    (self.down, self.up) = (down, up)
    middle = try attention("mid_attn")
    hasRMSBlocks = names.contains("downs.0.0.block1.norm.g")
    hasMemory = middle.memory != nil
    wrapsAttention = middle.scope != "mid_attn"
    hasNormBias = names.contains("\(middle.norm).b")
  }

  /// No image can be halved more often.
  private static let mostLevels = 13

  /// All attention.
  var attentions: [Attention] { down + [middle] + up }
}
