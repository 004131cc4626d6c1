/// What no tensor shows of a network, as the description of its model has it.
struct LucidrainsSettings: Sendable {
  /// What the release shows.
  let traits: LucidrainsTraits
  /// The heads of attention without a memory; nil if their channels are known.
  private let statedHeads: Int?
  /// The channels of a head of attention without a memory.
  private let headChannels: Int
  /// The groups of group normalisation.
  let groups: Int
  /// The base of the frequencies of the timestep's embedding.
  let theta: Double

  /// The settings in `description`, with the code base's defaults for what it lacks.
  init(_ description: ModelDescription) {
    traits = LucidrainsTraits(
      description[network: "release"].flatMap { LucidrainsRelease($0) } ?? LucidrainsReleases.newest)
    statedHeads = description[network: "attn_heads"].flatMap { Int($0) }
    headChannels = description[network: "attn_dim_head"].flatMap { Int($0) } ?? 32
    groups = description[network: "resnet_block_groups"].flatMap { Int($0) } ?? 8
    theta = description[network: "sinusoidal_pos_emb_theta"].flatMap { Double($0) } ?? 10_000
  }

  /// The heads of an attention: those that its memory shows, those stated, or as many as their usual channels allow.
  func heads(_ attention: LucidrainsShape.Attention) -> Int {
    attention.memory?.heads ?? statedHeads ?? max(1, attention.width / headChannels)
  }

  /// Checks the settings against the shape of a network.
  ///
  /// - Throws: `ModelError.unusable` for what is impossible.
  func validate(_ shape: LucidrainsShape, name: String) throws(ModelError) {
    func fail(_ reason: String) -> ModelError { .unusable(reason: "\(name): \(reason)") }
    guard headChannels > 0, statedHeads ?? 1 > 0 else {
      throw fail("attn_heads and attn_dim_head must be 1 or more")
    }
    for attention in shape.attentions where attention.width % heads(attention) != 0 {
      throw fail(
        """
        \(heads(attention)) heads cannot share the \(attention.width) channels of \(attention.scope); state them by \
        --network attn_heads=4, or their channels by attn_dim_head=32
        """)
    }
    guard theta > 1, theta.isFinite else { throw fail("sinusoidal_pos_emb_theta must be above 1") }
    guard shape.frequencies != nil || shape.dim >= 4 && shape.dim % 2 == 0 else {
      throw fail("a timestep cannot be embedded in \(shape.dim) sines and cosines")
    }
    guard !shape.hasRMSBlocks else { return }
    guard groups > 0, let narrow = shape.widths.first(where: { $0 % groups != 0 }) else {
      if groups > 0 { return }
      throw fail("resnet_block_groups must be 1 or more")
    }
    throw fail(
      """
      a level of \(narrow) channels cannot be normalised in \(groups) groups; state them by \
      --network resnet_block_groups=4 for instance
      """)
  }
}
