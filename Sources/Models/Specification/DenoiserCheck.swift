import DiffusionCore
import TensorCore

/// Tells a working network from one that outputs garbage because its attention heads, their order, T, the schedule or
/// its prediction target are not those it was trained with. Shapes do not show these settings, and nothing else would
/// complain.
///
/// It adds noise to a few smooth images and measures how much of it the network finds. A network that has never seen
/// anything like an image finds less of its noise, so only the image with the lowest error counts.
public struct DenoiserCheck {
  /// The settings that the check can vary.
  struct Guess: Equatable {
    /// `DenoisingNetwork.hiddenSettings`.
    var hidden: ModelDescription
    var diffusionSteps: Int
    /// Nil if the schedule is not one of the original's.
    var schedule: BetaSchedule?
    var rescaleTimesteps: Bool
    var meanType: ModelMeanType
    /// The process if its levels are continuous; nil for diffusion in timesteps.
    var continuous: ContinuousDiffusion?
  }

  /// The limit on multiply-adds for a forward pass over one image to be cheap.
  private static let cheap = 500_000_000

  let network: any DenoisingNetwork
  let specification: ModelSpecification
  /// Whether there is time to look closely, and to try other settings even if nothing looks wrong.
  let isCheap: Bool
  /// The values of ᾱ to test, the share of the image in the network's input.
  private let shares: [Double]
  private let pictures: Tensor
  private let noise: Tensor

  /// Creates a check of `network`, a denoiser of images, against `specification`.
  public init(_ network: any DenoisingNetwork, _ specification: ModelSpecification) {
    self.network = network
    self.specification = specification
    let channels = specification.imageChannels
    // Small images are enough, even for a network of large ones.
    let side = min(specification.imageSize, max(32, 2 * network.sizeMultiple))
    isCheap = network.countFlops(batch: 1, size: [side, side]).total < Self.cheap
    shares = isCheap ? [0.5, 0.2] : [0.2]
    pictures = Self.smoothPictures(channels: channels, side: side).rows(0..<(isCheap ? 4 : 2))
    var source = PhiloxNoise(seed: 0, images: 0..<pictures.shape[0], shape: [channels, side, side])
    noise = source.next()
  }

  /// Whether the error is small enough for a network that works.
  func isPlausible(_ error: Double) -> Bool { error < 0.7 }

  /// The resolved settings.
  var resolved: Guess {
    let process = specification.process
    return Guess(
      hidden: network.hiddenSettings, diffusionSteps: process.steps, schedule: process.schedule,
      rescaleTimesteps: process.rescaleTimesteps, meanType: process.meanType,
      continuous: process.continuous)
  }

  /// The mean squared error of the network's prediction (noise, image or velocity), relative to the mean square of its
  /// target: 0 is perfect, 1 is that of predicting nothing. Takes the lowest error over images at each ᾱ, and the
  /// geometric mean over the values of ᾱ.
  func error(_ guess: Guess) -> Double {
    let network = network.adopting(guess.hidden)
    let betas = guess.schedule?.betas(steps: guess.diffusionSteps) ?? specification.process.betas
    let product = shares.reduce(1) { $0 * leastError(network, betas, share: $1, guess) }
    return isCheap ? product.squareRoot() : product
  }

  private func leastError(_ network: any DenoisingNetwork, _ betas: [Double], share: Double, _ guess: Guess) -> Double {
    if let continuous = guess.continuous { return leastError(network, continuous, share: share) }
    var alphaCumprod = 1.0
    var step = 0
    while step < betas.count - 1 && alphaCumprod * (1 - betas[step]) > share {
      alphaCumprod *= 1 - betas[step]
      step += 1
    }
    alphaCumprod *= 1 - betas[step]
    let (signal, spread) = (Float(alphaCumprod.squareRoot()), Float((1 - alphaCumprod).squareRoot()))
    let x = pictures.zip(noise) { signal * $0 + spread * $1 }
    let timestep = guess.rescaleTimesteps ? Float(step) * 1000 / Float(betas.count) : Float(step)
    let truth =
      switch guess.meanType {
      case .startX: pictures
      case .velocity: noise.zip(pictures) { signal * $0 - spread * $1 }
      case .epsilon, .previousX: noise
      }
    return leastError(of: output(of: network, x, timestep), truth)
  }

  /// The same of a process with continuous levels.
  private func leastError(
    _ network: any DenoisingNetwork, _ continuous: ContinuousDiffusion, share: Double
  ) -> Double {
    // σ / α where the image has this share.
    let ratio = ((1 - share) / share).squareRoot()
    let level = continuous.level(continuous.form.isFlow ? ratio / (1 + ratio) : ratio)
    let (signal, spread) = (Float(level.alpha), Float(level.sigma))
    let x = pictures.zip(noise) { signal * $0 + spread * $1 }
    return leastError(
      of: output(of: network, level.input(x), level.conditioning), continuous.target(pictures, noise, at: level))
  }

  private func output(of network: any DenoisingNetwork, _ x: Tensor, _ conditioning: Float) -> Tensor {
    let batch = pictures.shape[0]
    let inputs = NetworkInputs(
      conditioning: [Float](repeating: conditioning, count: batch),
      labels: specification.classCount.map { _ in [Int?](repeating: specification.nullClass ?? 0, count: batch) },
      lowRes: specification.task == .superResolution ? pictures : nil)
    return network(x, inputs).channels(0..<pictures.shape[1])
  }

  /// The least relative error of an image.
  private func leastError(of output: Tensor, _ truth: Tensor) -> Double {
    (0..<output.shape[0]).map { n in
      let (found, sought) = (output.rows(n..<n + 1), truth.rows(n..<n + 1))
      let error = found.zip(sought) { ($0 - $1) * ($0 - $1) }.values.reduce(0.0) { $0 + Double($1) }
      return error / sought.values.reduce(0.0) { $0 + Double($1) * Double($1) }
    }.min() ?? 0
  }

  /// Black, light grey, a gradient and a soft spot, `[4, C, side, side]`. None is all zeros, because an untrained
  /// network predicts that.
  private static func smoothPictures(channels: Int, side: Int) -> Tensor {
    let shades: [(Float, Float) -> Float] = [
      { _, _ in -1 }, { _, _ in 0.5 }, { x, y in x - y }, { x, y in 2 / (1 + 30 * (x * x + y * y)) - 1 },
    ]
    return Tensor.stacked(
      shades.map { shade in
        let values = (0..<channels * side * side).map { i in
          shade(Float(i % side) / Float(side) - 0.5, Float(i / side % side) / Float(side) - 0.5)
        }
        return Tensor([1, channels, side, side], values)
      })
  }
}
