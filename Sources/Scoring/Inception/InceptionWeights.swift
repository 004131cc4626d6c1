import DiffusionCheckpoints
import TensorCore

/// The tensors of a file with Inception v3, by the names that either of two code bases gives them.
struct InceptionWeights {
  /// How a file names its tensors.
  enum Layout: Equatable {
    /// As torchvision, and so pytorch-fid: `Mixed_5b.branch5x5_1.conv.weight`.
    case torchvision
    /// As TensorFlow's graph of 2015-12-05, and so NVIDIA's TorchScript: `layers.mixed.tower.conv.weight`.
    case tensorFlow
  }

  /// The name of a module in each layout.
  struct Name {
    let torchvision: String
    let tensorFlow: String

    init(_ torchvision: String, _ tensorFlow: String) {
      (self.torchvision, self.tensorFlow) = (torchvision, tensorFlow)
    }

    /// The name of a module in this one.
    func appending(_ other: Name) -> Name {
      Name(torchvision + "." + other.torchvision, tensorFlow + "." + other.tensorFlow)
    }
  }

  /// The ε of batch normalisation.
  private static let epsilon = 1e-3
  private static let signatures = [
    "Conv2d_1a_3x3.conv.weight": Layout.torchvision, "layers.conv.weight": .tensorFlow,
  ]

  private let state: StateDict
  let layout: Layout

  /// Opens the file at `path`.
  ///
  /// - Throws: `ScoringError`.
  init(path: String) throws(ScoringError) {
    do {
      state = try StateDict.read(path: path, signatures: Self.signatures.keys.sorted(), opensTorchScript: true)
    } catch { throw .weights(error) }
    let names = state
    guard let found = Self.signatures.first(where: { names.shape(of: $0.key) != nil }) else {
      throw .notInception(file: state.name)
    }
    layout = found.value
  }

  /// A convolution, whose batch normalisation is folded into weight and bias, and max(0, ·).
  ///
  /// - Parameters:
  ///   - name: the module.
  ///   - inChannels: input channels.
  ///   - outChannels: output channels.
  ///   - kernel: height and width of the kernel.
  ///   - stride: the stride in both dimensions.
  ///   - padding: the zeros above and below, and those left and right.
  /// - Throws: `ScoringError` if a tensor is missing, or has another shape, or is damaged.
  func convolution(
    _ name: Name, _ inChannels: Int, _ outChannels: Int, kernel: [Int] = [1, 1], stride: Int = 1,
    padding: [Int] = [0, 0]
  ) throws(ScoringError) -> RectifiedConvolution {
    let (weight, bias) = try folded(name, inChannels, outChannels, kernel: kernel)
    return RectifiedConvolution(weight: weight, bias: bias, stride: stride, padding: padding)
  }

  /// w·γ / √(σ² + ε) and β - μ·γ / √(σ² + ε), in float64.
  private func folded(
    _ name: Name, _ inChannels: Int, _ outChannels: Int, kernel: [Int]
  ) throws(ScoringError) -> (weight: Tensor, bias: Tensor) {
    let names: (weight: String, scale: String?, shift: String, mean: String, variance: String)
    switch layout {
    case .torchvision:
      let normalization = name.torchvision + ".bn."
      names = (
        name.torchvision + ".conv.weight", normalization + "weight", normalization + "bias",
        normalization + "running_mean", normalization + "running_var"
      )
    case .tensorFlow:
      let layer = "layers." + name.tensorFlow + "."
      names = (layer + "weight", nil, layer + "beta", layer + "mean", layer + "var")
    }
    let shift = try values(names.shift, outChannels)
    let mean = try values(names.mean, outChannels)
    let variance = try values(names.variance, outChannels)
    let scale = try names.scale.map { name throws(ScoringError) in try values(name, outChannels) }
    let weight = try tensor(names.weight, [outChannels, inChannels] + kernel)
    var bias = [Float](repeating: 0, count: outChannels)
    var isDamaged = false
    let count = inChannels * kernel.reduce(1, *)
    let folded = Tensor(weight.shape) { out in
      weight.withUnsafePointer { source in
        for o in 0..<outChannels {
          let factor = (scale?[o] ?? 1) / (variance[o] + Self.epsilon).squareRoot()
          bias[o] = Float(shift[o] - mean[o] * factor)
          var sum: Float = 0
          for i in o * count..<(o + 1) * count {
            out[i] = Float(Double(source[i]) * factor)
            sum += out[i]
          }
          if !sum.isFinite || !bias[o].isFinite { isDamaged = true }
        }
      }
    }
    if isDamaged { throw .damagedWeights(file: state.name, tensor: names.weight) }
    return (folded, Tensor([outChannels], bias))
  }

  /// The weight of the last layer, `[1008, 2048]`; nil if the file has none.
  ///
  /// - Throws: `ScoringError` if it has another shape.
  func lastLayer() throws(ScoringError) -> Tensor? {
    let name = layout == .torchvision ? "fc.weight" : "output.weight"
    return state.shape(of: name) == nil ? nil : try tensor(name, [1008, 2048])
  }

  /// Lets the system have the file's pages back.
  func release() { state.releasePages() }

  private func values(_ name: String, _ count: Int) throws(ScoringError) -> [Double] {
    try tensor(name, [count]).values.map { Double($0) }
  }

  private func tensor(_ name: String, _ shape: [Int]) throws(ScoringError) -> Tensor {
    do { return try state.tensor(name, shape: shape) } catch { throw .weights(error) }
  }
}
