import TensorCore

/// The training objective (`LossType` in the original). The variational term is the contribution of the image's step to
/// the bound on -log₂ p(x₀) (Ho et al. 2020, eq. 5), in bits per dimension. T is the number of steps in the process.
public enum LossType: Sendable, CaseIterable {
  /// The mean squared error of the model's prediction (Ho et al. 2020, eq. 14 if it predicts ε). If the variance is
  /// learned, plus the variational term with the mean held fixed.
  case mse
  /// Like `mse`, with the variational term scaled by T / 1000: the hybrid loss of Nichol & Dhariwal 2021, eq. 16.
  case rescaledMSE
  /// The variational term alone, for the mean and the variance.
  case kl
  /// Like `kl`, scaled by T: an estimate of the whole bound if steps are drawn uniformly.
  case rescaledKL

  /// Whether the loss is the variational term alone.
  public var isVB: Bool { self == .kl || self == .rescaledKL }
}

/// The losses of a batch of N images.
public struct TrainingLosses: Sendable {
  /// The loss of each image, `[N]`, at least 0.
  public let loss: [Float]
  /// The mean squared error of each image, `[N]`, at least 0; nil if the loss has none.
  public let mse: [Float]?
  /// The variational term of each image as added to `mse`, `[N]`, in bits per dimension, scaled by T / 1000 if
  /// rescaled; nil unless the loss combines both.
  public let vb: [Float]?
  /// The derivative of each image's loss with respect to the model's output for it: `[N, C, …]`, or `[N, 2C, …]` if the
  /// variance is learned. For the mean over the batch, multiply by 1 / N.
  public let gradient: Tensor
}

extension GaussianDiffusion {
  /// Samples x_t from q(x_t | x₀) = N(√ᾱ·x₀, 1 - ᾱ) (Ho et al. 2020, eq. 4; the original's `q_sample`).
  ///
  /// - Parameters:
  ///   - xStart: x₀, `[N, C, …]` in [-1, 1].
  ///   - steps: the step of each image, `[N]`, in `0 ..< count`.
  ///   - noise: ε, standard normal, of the same shape as `xStart`.
  public func qSample(_ xStart: Tensor, steps: [Int], noise: Tensor) -> Tensor {
    let elements = elementsPerPicture(xStart, steps: steps)
    precondition(noise.shape == xStart.shape, "noise of shape \(noise.shape) for pictures of \(xStart.shape)")
    return xStart.withUnsafePointer { x in
      noise.withUnsafePointer { noise in
        Tensor(xStart.shape) { target in
          for (n, i) in steps.enumerated() {
            let signal = Float(alphasCumprod[i].squareRoot())
            let deviation = Float((1 - alphasCumprod[i]).squareRoot())
            for e in n * elements..<(n + 1) * elements { target[e] = signal * x[e] + deviation * noise[e] }
          }
        }
      }
    }
  }

  /// Computes the losses of a batch and their derivatives (the original's `training_losses`).
  ///
  /// - Parameters:
  ///   - output: the model's output for `xT` at each image's `modelTimestep`: `[N, C, …]`, or `[N, 2C, …]` if the
  ///     variance is learned.
  ///   - xStart: x₀, `[N, C, …]` in [-1, 1], quantised to 256 levels.
  ///   - xT: x_t, from `qSample`.
  ///   - noise: the ε in x_t.
  ///   - steps: the step of each image, `[N]`, in `0 ..< count`.
  ///   - type: the loss to compute.
  public func trainingLosses(
    _ output: Tensor, xStart: Tensor, xT: Tensor, noise: Tensor, steps: [Int], type: LossType
  ) -> TrainingLosses {
    let elements = elementsPerPicture(xStart, steps: steps)
    precondition(
      noise.shape == xStart.shape && xT.shape == xStart.shape,
      "noise of shape \(noise.shape) and x_t of \(xT.shape) for pictures of \(xStart.shape)")
    let channels = varType.isLearned ? 2 * xStart.shape[1] : xStart.shape[1]
    let expected = [steps.count, channels] + xStart.shape.dropFirst(2)
    precondition(output.shape == expected, "the model put out \(output.shape), expected \(expected)")
    let outputs = varType.isLearned ? 2 * elements : elements

    let rules = steps.map { PictureLossRule(self, step: $0, type: type) }
    var sums = [PictureLoss](repeating: PictureLoss(), count: steps.count)
    let gradient = Tensor(output.shape) { gradient in
      sums.withUnsafeMutableBufferPointer { sums in
        output.withUnsafePointer { output in
          xStart.withUnsafePointer { xStart in
            xT.withUnsafePointer { xT in
              noise.withUnsafePointer { noise in
                ThreadPool.shared.forEach(steps.count) { n in
                  sums[n] = rules[n](
                    output: output + n * outputs, xStart: xStart + n * elements, xT: xT + n * elements,
                    noise: noise + n * elements, count: elements, gradient: gradient + n * outputs)
                }
              }
            }
          }
        }
      }
    }
    let vb = zip(sums, rules).map { $0.vb * $1.vbScale }
    return TrainingLosses(
      loss: zip(sums, vb).map { Float($0.mse + $1) }, mse: type.isVB ? nil : sums.map { Float($0.mse) },
      vb: type.isVB || !varType.isLearned ? nil : vb.map { Float($0) }, gradient: gradient)
  }

  /// The number of elements in one image of `xStart`, `[N, C, …]`. Checks that there is one valid step per image.
  func elementsPerPicture(_ xStart: Tensor, steps: [Int]) -> Int {
    precondition(
      xStart.shape.count >= 2 && xStart.shape[0] == steps.count,
      "\(steps.count) steps for pictures of shape \(xStart.shape)")
    precondition(
      steps.allSatisfy { betas.indices.contains($0) }, "steps \(steps) of a process of \(count)")
    return xStart.shape.dropFirst().reduce(1, *)
  }
}
