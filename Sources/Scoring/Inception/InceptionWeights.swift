import DiffusionCheckpoints
import DiffusionFiles
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

  /// The name of a tensor and its shape → its values.
  typealias Reading = (_ name: String, _ shape: [Int]) throws(CheckpointError) -> Tensor

  private let file: String
  private let layout: Layout
  private let hasLastLayer: Bool
  private let reading: Reading

  /// Tensors from anywhere.
  ///
  /// - Parameters:
  ///   - file: what errors name.
  ///   - layout: how the tensors are named.
  ///   - hasLastLayer: whether the last layer is among them.
  ///   - reading: returns a tensor.
  init(file: String, layout: Layout, hasLastLayer: Bool, reading: @escaping Reading) {
    (self.file, self.layout, self.hasLastLayer, self.reading) = (file, layout, hasLastLayer, reading)
  }

  /// The tensors of the file at `path`.
  ///
  /// - Throws: `ScoringError`.
  init(path: String) throws(ScoringError) {
    switch try inScoringTerms({ try kind(ofPath: path) }) {
    case .nothing: throw .noInception(path: path, isFolder: false)
    case .folder: throw .noInception(path: path, isFolder: true)
    default: break
    }
    let state = try Self.state(path)
    guard let layout = Self.layout(of: state) else {
      throw .notInception(file: state.name)
    }
    if layout == .torchvision, state.shape(of: Self.lastLayerName(layout))?.first == 1000 {
      throw .imageNetInception(file: state.name)
    }
    self.init(
      file: state.name, layout: layout, hasLastLayer: state.shape(of: Self.lastLayerName(layout)) != nil
    ) { name, shape throws(CheckpointError) in try state.tensor(name, shape: shape) }
  }

  private static func state(_ path: String) throws(ScoringError) -> StateDict {
    do {
      return try StateDict.read(path: path, signatures: signatures.keys.sorted(), opensTorchScript: true)
    } catch { throw .weights(error) }
  }

  private static func layout(of state: StateDict) -> Layout? {
    signatures.first { state.shape(of: $0.key) != nil }?.value
  }

  /// Whether a file that is none of a family's is Inception v3.
  static func areIn(_ path: String) -> Bool { (try? state(path)).flatMap(layout) != nil }

  private static func lastLayerName(_ layout: Layout) -> String {
    layout == .torchvision ? "fc.weight" : "output.weight"
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
    let variance = try values(names.variance, outChannels, isPositive: true)
    let scale = try names.scale.map { name throws(ScoringError) in try values(name, outChannels) }
    let weight = try tensor(names.weight, [outChannels, inChannels] + kernel)
    let factors = (0..<outChannels).map { (scale?[$0] ?? 1) / (variance[$0] + Self.epsilon).squareRoot() }
    let bias = (0..<outChannels).map { Float(shift[$0] - mean[$0] * factors[$0]) }
    let count = inChannels * kernel.reduce(1, *)
    var isFinite = true
    let folded = Tensor(weight.shape) { out in
      weight.withUnsafePointer { source in
        for o in 0..<outChannels {
          // The sum of their products with 0 finds what is not finite without a branch for each.
          var sum: Float = 0
          for i in o * count..<(o + 1) * count {
            out[i] = Float(Double(source[i]) * factors[o])
            sum += out[i] * 0
          }
          if sum != 0 { isFinite = false }
        }
      }
    }
    if !isFinite { throw .damagedWeights(file: file, tensor: names.weight) }
    return (folded, Tensor([outChannels], bias))
  }

  /// The weight of the last layer, `[1008, 2048]`; nil if the file has none.
  ///
  /// - Throws: `ScoringError` if it has another shape.
  func lastLayer() throws(ScoringError) -> Tensor? {
    if !hasLastLayer { return nil }
    let weight = try tensor(
      Self.lastLayerName(layout), [InceptionNetwork.classes, InceptionNetwork.poolFeatures])
    // A view of the file would keep it open.
    return weight.copied()
  }

  private func values(_ name: String, _ count: Int, isPositive: Bool = false) throws(ScoringError) -> [Double] {
    let values = try tensor(name, [count]).values
    guard values.allSatisfy({ $0.isFinite && (!isPositive || $0 >= 0) }) else {
      throw .damagedWeights(file: file, tensor: name)
    }
    return values.map { Double($0) }
  }

  private func tensor(_ name: String, _ shape: [Int]) throws(ScoringError) -> Tensor {
    do { return try reading(name, shape) } catch { throw .weights(error) }
  }
}
