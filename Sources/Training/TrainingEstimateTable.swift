import DiffusionText
import TensorCore

extension TrainingEstimate {
  /// The model, its training and what they take, a line each.
  public var table: [String] {
    let unet = specification.configuration
    func list(_ values: some Sequence<Int>) -> String { values.map(String.init).joined(separator: ",") }
    let size = request.imageSize
    let attention = unet.attentionResolutions.sorted().map { size / $0 }
    let steps = request.end
    let total = steps.map { ", \(grouped($0)) steps about \(duration(secondsPerStep * Double($0)))" } ?? ""
    let threads = ThreadPool.shared.threads
    let shape = "\(size)×\(size)×\(data.channels)"
    let levels = unet.channelMult.map(numberText).joined(separator: ",")
    let parts = settings.microbatch < settings.batchSize ? " in parts of \(settings.microbatch)" : ""
    let learned = specification.process
    let process = learned.continuous == nil ? counted(learned.steps, "step") : learned.name
    return [
      "data        \(counted(data.count, "picture")), as \(shape)",
      "model       \(grouped(parameterCount)) parameters: \(unet.modelChannels) channels, levels \(levels), "
        + "\(counted(unet.numResBlocks, "residual block")) each, "
        + "attention at \(attention.isEmpty ? "no level" : list(attention))",
      "process     \(process)",
      "training    batches of \(settings.batchSize)\(parts), learning rate \(settings.learningRate), "
        + "seed \(settings.seed)",
      "memory      about \(quantity(Double(memory), "B"))",
      "time        about \(duration(secondsPerStep)) a step\(total), measured on steps of few pictures "
        + "with \(counted(threads, "thread"))",
    ]
  }
}
