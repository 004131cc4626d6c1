import DiffusionCore
import DiffusionPlatform
import TensorCore

/// Tells a working network from one that outputs garbage because its attention heads, their order, T, the schedule or
/// its prediction target are not those it was trained with. Shapes do not show these settings, and nothing else would
/// complain.
///
/// It adds noise to a few drawings and measures how much of it the network finds. A network that has never seen
/// anything like a picture finds less of its noise, so only those with the lowest errors count.
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

  /// Errors of a guess: the mean squared error of the network's prediction (noise, image or velocity), relative to the
  /// mean square of its target. 0 is perfect, 1 is that of predicting nothing.
  struct Errors {
    /// The natural logarithm of the error at each level, a mean over the pictures.
    let logarithms: [Double]
    /// The geometric mean.
    var mean: Double { exp(logarithms.reduce(0, +) / Double(logarithms.count)) }
  }

  /// What guesses are compared on.
  struct Choice {
    let pictures: [Int]
    /// The class of each picture, if there are classes.
    let labels: [Int]
    /// The lowest of their errors.
    let least: Double
  }

  /// The limit on multiply-adds for a forward pass over one image to be cheap.
  private static let cheap = 500_000_000

  let network: any DenoisingNetwork
  let specification: ModelSpecification
  /// Whether there is time to look closely, and to try other settings even if nothing looks wrong.
  let isCheap: Bool
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
    let all = CheckPictures.pictures(channels: channels, side: side)
    // Otherwise strokes, a face, discs and the smooth ones.
    let chosen = isCheap ? all : all.gatheringRows([0, 2, 5, 8, 9])
    pictures = specification.conventions.imagesFromZero ? chosen.map { ($0 + 1) / 2 } : chosen
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

  /// The values of ᾱ to test, the share of the image in the network's input.
  ///
  /// - Parameter closely: whether to tell guesses from each other, not only from nonsense.
  func shares(closely: Bool) -> [Double] {
    isCheap ? [0.99, 0.9, 0.5, 0.2, 0.05] : closely ? [0.9, 0.2] : [0.2]
  }

  /// The pictures with the lowest errors, of which a network that works knows most.
  func choice(_ guess: Guess) -> Choice {
    let all = Array(0..<pictures.shape[0] - CheckPictures.smoothCount)
    // Of classes, the first, one in the middle and the last, which often stands for none.
    let last = max(0, (specification.classCount ?? 1) - 1)
    let labels = specification.nullClass.map { [$0] } ?? (isCheap ? Set([0, last / 2, last]).sorted() : [last])
    let trials = labels.flatMap { label in
      let errors = errors(guess, share: 0.5, of: all, all.map { _ in label })
      return all.map { (picture: $0, label: label, error: errors[$0]) }
    }.sorted { $0.error < $1.error }
    var chosen: [(picture: Int, label: Int, error: Double)] = []
    for trial in trials
    where chosen.count < (isCheap ? 2 : 1) && !chosen.contains(where: { $0.picture == trial.picture }) {
      chosen.append(trial)
    }
    return Choice(pictures: chosen.map(\.picture), labels: chosen.map(\.label), least: chosen[0].error)
  }

  /// All pictures, with the first label of `choice`.
  func all(_ choice: Choice) -> Choice {
    let count = pictures.shape[0]
    return Choice(
      pictures: Array(0..<count), labels: [Int](repeating: choice.labels[0], count: count), least: choice.least)
  }

  /// The errors of `guess` at each of `shares`, on the pictures of `choice`.
  func errors(_ guess: Guess, _ shares: [Double], of choice: Choice) -> Errors {
    Errors(
      logarithms: shares.map { share in
        let errors = errors(guess, share: share, of: choice.pictures, choice.labels)
        return errors.reduce(0) { $0 + log($1) } / Double(errors.count)
      })
  }

  /// The timestep that the network is told at the share ᾱ, and that ᾱ of the process which is nearest.
  func timestep(_ guess: Guess, share: Double) -> (told: Float, alphaCumprod: Double) {
    let betas = guess.schedule?.betas(steps: guess.diffusionSteps) ?? specification.process.betas
    var alphaCumprod = 1.0
    var step = 0
    while step < betas.count - 1 && alphaCumprod * (1 - betas[step]) > share {
      alphaCumprod *= 1 - betas[step]
      step += 1
    }
    alphaCumprod *= 1 - betas[step]
    return (guess.rescaleTimesteps ? Float(step) * 1000 / Float(betas.count) : Float(step), alphaCumprod)
  }

  private func errors(_ guess: Guess, share: Double, of chosen: [Int], _ labels: [Int]) -> [Double] {
    let network = network.adopting(guess.hidden)
    let (pictures, noise) = (pictures.gatheringRows(chosen), noise.gatheringRows(chosen))
    if let continuous = guess.continuous {
      // σ / α where the image has this share; half of it where images are in 0 to 1.
      let ratio = ((1 - share) / share).squareRoot()
      let form = continuous.form
      let level = continuous.level(form.isFlow ? ratio / (1 + ratio) : form == .ve ? ratio / 2 : ratio)
      let (signal, spread) = (Float(level.alpha), Float(level.sigma))
      let x = pictures.zip(noise) { signal * $0 + spread * $1 }
      return errors(
        of: output(of: network, level.input(x), level.conditioning, pictures, labels),
        continuous.target(pictures, noise, at: level))
    }
    let (told, alphaCumprod) = timestep(guess, share: share)
    let (signal, spread) = (Float(alphaCumprod.squareRoot()), Float((1 - alphaCumprod).squareRoot()))
    let truth =
      switch guess.meanType {
      case .startX: pictures
      case .velocity: noise.zip(pictures) { signal * $0 - spread * $1 }
      case .epsilon, .previousX: noise
      }
    return errors(
      of: output(of: network, pictures.zip(noise) { signal * $0 + spread * $1 }, told, pictures, labels), truth)
  }

  private func output(
    of network: any DenoisingNetwork, _ x: Tensor, _ conditioning: Float, _ pictures: Tensor, _ labels: [Int]
  ) -> Tensor {
    let batch = pictures.shape[0]
    let inputs = NetworkInputs(
      conditioning: [Float](repeating: conditioning, count: batch),
      labels: specification.classCount.map { _ in labels },
      lowRes: specification.task == .superResolution ? pictures : nil)
    return network(x, inputs).channels(0..<pictures.shape[1])
  }

  /// The relative error of each image.
  private func errors(of output: Tensor, _ truth: Tensor) -> [Double] {
    (0..<output.shape[0]).map { n in
      let (found, sought) = (output.rows(n..<n + 1), truth.rows(n..<n + 1))
      let error = found.zip(sought) { $0 - $1 }.sumOfSquares / sought.sumOfSquares
      // A network that overflows predicts nothing.
      return error.isNaN ? .infinity : error
    }
  }
}
