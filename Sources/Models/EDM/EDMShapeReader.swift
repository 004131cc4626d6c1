import DiffusionCheckpoints
import TensorCore

extension EDMShape {
  /// Reads the shape of the network in `state`.
  ///
  /// - Parameters:
  ///   - state: its tensors.
  ///   - name: the checkpoint's name in errors.
  /// - Throws: `ModelError` if a tensor is missing, or no such network is possible.
  init(_ state: StateDict, name: String) throws(ModelError) {
    var reader = EDMShapeReader(state: state, name: name)
    self = try reader.read()
  }
}

/// Follows a network's layers from its input to its output.
private struct EDMShapeReader {
  let state: StateDict
  let name: String
  let shapes: [String: [Int]]
  private let kind: EDMShape.Kind
  private var layers: [EDMShape.Layer] = []
  /// The channels behind the last layer.
  private var channels = 0
  /// The channels and resolution of what accompanies the encoder, and the resolution of what accompanies the decoder.
  private var auxiliary = (channels: 0, resolution: 0)
  private var outputResolution: Int?
  /// The channels and resolutions of the encoder's outputs, of which the decoder takes the last first.
  private var skips: [(channels: Int, resolution: Int)] = []

  init(state: StateDict, name: String) {
    (self.state, self.name, shapes) = (state, name, state.shapes)
    kind = shapes["out_norm.weight"] == nil ? .song : .dhariwal
  }

  mutating func read() throws(ModelError) -> EDMShape {
    let resolutions = try resolutions()
    let first = try shape("enc.\(square(resolutions[0]))_conv.weight", rank: 4)
    let (embedding, noise) = (try shape("map_layer0.weight", rank: 2)[0], try shape("map_layer0.weight", rank: 2)[1])
    guard noise % 2 == 0, noise >= 4 else { throw impossible("an embedding of noise with \(noise) channels") }
    auxiliary = (first[1], resolutions[0])
    try encode(resolutions)
    let encoder = layers
    layers = []
    try decode(resolutions)
    guard skips.isEmpty else {
      throw impossible("\(skips.count) outputs of its encoder that its decoder does not take")
    }
    let last = kind == .song ? "dec.\(square(resolutions[0]))_aux_conv.weight" : "out_conv.weight"
    let out = try shape(last, rank: 4)[0]
    if kind == .dhariwal {
      layers.append(.output(norm: "out_norm", convolution: "out_conv", inChannels: channels))
      try checkNorm("out_norm", channels)
    }
    return EDMShape(
      kind: kind, imageSize: resolutions[0], inChannels: first[1], outChannels: out, resolutions: resolutions,
      noiseChannels: noise, embeddingChannels: embedding, hasFourierFeatures: shapes["map_noise.freqs"] != nil,
      classCount: shapes["map_label.weight"] == nil ? nil : try shape("map_label.weight", rank: 2)[1],
      encoder: encoder, decoder: layers)
  }

  /// The resolutions in names, each half the one before.
  private func resolutions() throws(ModelError) -> [Int] {
    let found = Set(state.names.lazy.filter { $0.hasPrefix("enc.") }.compactMap { EDMNames.resolution($0) })
    let sorted = found.sorted(by: >)
    guard let largest = sorted.first, zip(sorted, sorted.dropFirst()).allSatisfy({ $0 == 2 * $1 }) else {
      let text = sorted.prefix(8).map { "\($0)" }.joined(separator: ", ")
      throw impossible("levels of \(text.isEmpty ? "no" : text) pixels, of which each is not half the one before")
    }
    guard largest <= 1024 else { throw impossible("pictures of \(largest) pixels") }
    return sorted
  }

  private mutating func encode(_ resolutions: [Int]) throws(ModelError) {
    for (level, resolution) in resolutions.enumerated() {
      let prefix = "enc.\(square(resolution))_"
      if level == 0 {
        let first = try shape(prefix + "conv.weight", rank: 4)
        layers.append(.convolution(name: prefix + "conv", inChannels: first[1], outChannels: first[0]))
        channels = first[0]
        skips.append((channels, resolution))
      } else {
        try addBlock(prefix + "down", takes: channels, .down)
        skips.append((channels, resolution))
        try addAuxiliary(prefix, resolution)
      }
      for block in 0..<count(prefix) {
        try addBlock("\(prefix)block\(block)", takes: channels, .none)
        skips.append((channels, resolution))
      }
    }
  }

  /// Adds what follows a level's first block in NCSN++.
  private mutating func addAuxiliary(_ prefix: String, _ resolution: Int) throws(ModelError) {
    let (skip, residual) = (prefix + "aux_skip", prefix + "aux_residual")
    guard shapes[skip + ".weight"] != nil || shapes[residual + ".weight"] != nil else { return }
    guard auxiliary.resolution == 2 * resolution else {
      throw impossible("a picture beside its encoder that is missing above \(square(resolution))")
    }
    auxiliary.resolution = resolution
    if shapes[skip + ".weight"] != nil {
      layers.append(.auxiliaryResampling(name: prefix + "aux_down", filter: try filter(prefix + "aux_down")))
      layers.append(.auxiliarySkip(name: skip, inChannels: auxiliary.channels, outChannels: channels))
    } else {
      layers.append(
        .auxiliaryResidual(
          name: residual, inChannels: auxiliary.channels, outChannels: channels, filter: try filter(residual)))
      auxiliary.channels = channels
    }
  }

  private mutating func decode(_ resolutions: [Int]) throws(ModelError) {
    for (level, resolution) in resolutions.enumerated().reversed() {
      let prefix = "dec.\(square(resolution))_"
      if level == resolutions.count - 1 {
        try addBlock(prefix + "in0", takes: channels, .none)
        try addBlock(prefix + "in1", takes: channels, .none)
      } else {
        try addBlock(prefix + "up", takes: channels, .up)
      }
      for block in 0..<count(prefix) {
        guard let skip = skips.popLast(), skip.resolution == resolution else {
          throw impossible("more blocks in its decoder than outputs of its encoder at \(square(resolution))")
        }
        try addBlock("\(prefix)block\(block)", takes: channels + skip.channels, .none)
      }
      guard kind == .song, shapes[prefix + "aux_conv.weight"] != nil else { continue }
      if shapes[prefix + "aux_up.resample_filter"] != nil {
        layers.append(.auxiliaryResampling(name: prefix + "aux_up", filter: try filter(prefix + "aux_up")))
        outputResolution = outputResolution.map { 2 * $0 }
      }
      guard outputResolution ?? resolution == resolution else {
        throw impossible("an output at \(square(resolution)) that follows one of another size")
      }
      outputResolution = resolution
      layers.append(.output(norm: prefix + "aux_norm", convolution: prefix + "aux_conv", inChannels: channels))
      try checkNorm(prefix + "aux_norm", channels)
    }
  }

  /// Adds a block and notes its channels.
  private mutating func addBlock(
    _ block: String, takes inChannels: Int, _ resampling: Resampling
  ) throws(ModelError) {
    let outChannels = try shape(block + ".conv0.weight", rank: 4)[0]
    try checkNorm(block, inChannels)
    try checkNorm(block, outChannels)
    let hasAttention = shapes[block + ".qkv.weight"] != nil
    let heads = !hasAttention ? 0 : kind == .song ? 1 : outChannels / 64
    guard !hasAttention || heads > 0 && outChannels % heads == 0 else {
      throw impossible("attention in \(outChannels) channels (\(block)), which heads of 64 channels cannot share")
    }
    var filter: [Double] = []
    if case .none = resampling {} else { filter = try self.filter(block + ".conv0") }
    layers.append(
      .block(
        EDMShape.Block(
          name: block, inChannels: inChannels, outChannels: outChannels, resampling: resampling, filter: filter,
          hasSkipConvolution: shapes[block + ".skip.weight"] != nil || inChannels != outChannels, heads: heads)))
    channels = outChannels
  }

  /// The number of blocks whose names begin with `prefix`.
  private func count(_ prefix: String) -> Int {
    var count = 0
    while shapes["\(prefix)block\(count).conv0.weight"] != nil { count += 1 }
    return count
  }

  /// The filter of a layer that resamples, in each dimension.
  private func filter(_ layer: String) throws(ModelError) -> [Double] {
    let shape = try shape(layer + ".resample_filter", rank: 4)
    guard shape[0] == 1, shape[1] == 1, shape[2] == shape[3], shape[2] % 2 == 0, shape[2] <= 16 else {
      throw impossible("a filter of shape \(shape) in \(layer); those of even length are known")
    }
    let values: [Float]
    do { values = try state.tensor(layer + ".resample_filter", shape: shape).values } catch {
      throw .checkpoint(error)
    }
    let side = shape[2]
    // It is the product of a filter with itself, and adds up to 1.
    let filter = (0..<side).map { i in (0..<side).reduce(0) { $0 + Double(values[i * side + $1]) } }
    let isProduct = values.indices.allSatisfy { i in
      abs(Double(values[i]) - filter[i / side] * filter[i % side]) < 1e-6
    }
    guard isProduct, abs(filter.reduce(0, +) - 1) < 1e-5 else {
      throw impossible("a filter in \(layer) that is not the product of one with itself, of sum 1")
    }
    return filter
  }

  private func checkNorm(_ layer: String, _ channels: Int) throws(ModelError) {
    guard channels >= 4, channels % EDMShape.groups(channels) == 0 else {
      throw impossible("\(channels) channels in \(layer), which groups of at least 4 cannot share")
    }
  }

  /// The shape of a tensor, of which no dimension is 0.
  private func shape(_ tensor: String, rank: Int) throws(ModelError) -> [Int] {
    guard let shape = shapes[tensor] else {
      throw .unusable(reason: "\(name): has no tensor \(tensor), which a network of NVlabs/edm needs")
    }
    guard shape.count == rank, shape.allSatisfy({ $0 > 0 }) else {
      throw impossible("a tensor \(tensor) of shape \(shape)")
    }
    return shape
  }

  private func impossible(_ what: String) -> ModelError {
    .unusable(reason: "\(name): would be a network of NVlabs/edm with \(what), which it cannot have")
  }

  private func square(_ side: Int) -> String { "\(side)x\(side)" }
}
