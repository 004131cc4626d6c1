import DiffusionCore
import TensorCore

extension UNetModel: DenoisingNetwork {
  /// See `DenoisingNetwork`. Super-resolution models take the low-resolution images as additional channels.
  public func callAsFunction(_ x: Tensor, _ inputs: NetworkInputs) -> Tensor {
    self(joined(x, inputs), timesteps: inputs.conditioning, labels: rows(of: inputs.labels))
  }

  /// See `DenoisingNetwork`.
  public func prepared(for conditioning: [Float]) -> any DenoisingNetwork { PreparedUNet(self, steps: conditioning) }

  /// See `DenoisingNetwork`.
  public var sizeMultiple: Int { configuration.sizeMultiple }

  /// See `DenoisingNetwork`. Counts the first level, which has the most activations.
  public func activationBytes(size: [Int]) -> Int {
    size.reduce(1, *) * configuration.modelChannels * 4 * (2 * configuration.numResBlocks + 6)
  }

  /// See `DenoisingNetwork`: attention heads and the order of queries, keys and values.
  public var hiddenSettings: ModelDescription {
    var settings = ModelDescription()
    settings.numHeads = configuration.numHeads
    settings.numHeadChannels = configuration.numHeadChannels
    settings.numHeadsUpsample = configuration.numHeadsUpsample
    settings.useNewAttentionOrder = configuration.attentionOrder == .byPart
    return settings
  }

  /// See `DenoisingNetwork`.
  public func variations(of settings: ModelDescription) -> [(key: String, settings: [ModelDescription])] {
    func changed(_ change: (inout ModelDescription) -> Void) -> ModelDescription {
      var copy = settings
      change(&copy)
      return copy
    }
    let counts = [1, 2, 4, 8].map { count in
      changed { ($0.numHeads, $0.numHeadChannels, $0.numHeadsUpsample) = (count, nil, nil) }
    }
    let channels = [32, 64].map { count in
      changed { ($0.numHeads, $0.numHeadChannels, $0.numHeadsUpsample) = (1, count, nil) }
    }
    let heads = (counts + channels).filter { settings in
      var configuration = self.configuration
      configuration.numHeads = settings.numHeads ?? 1
      configuration.numHeadChannels = settings.numHeadChannels
      configuration.numHeadsUpsample = nil
      return (try? configuration.validate()) != nil
    }
    return [
      ("num_heads", heads), ("num_head_channels", heads),
      ("use_new_attention_order", [changed { $0.useNewAttentionOrder = $0.useNewAttentionOrder != true }]),
    ]
  }

  /// See `DenoisingNetwork`.
  public func adopting(_ settings: ModelDescription) -> any DenoisingNetwork {
    withAttention(
      numHeads: settings.numHeads ?? 1, numHeadChannels: settings.numHeadChannels,
      numHeadsUpsample: settings.numHeadsUpsample, order: settings.useNewAttentionOrder == true ? .byPart : .byHead)
  }

  /// The network's input: the images, followed along the channels by low-resolution ones if the network takes them.
  func joined(_ x: Tensor, _ inputs: NetworkInputs) -> Tensor {
    precondition(
      (inputs.lowRes != nil) == configuration.isSuperResolution,
      configuration.isSuperResolution ? "there is nothing to enlarge" : "the model enlarges nothing")
    if let condition = inputs.condition {
      return configuration.conditionFirst ? condition.joiningChannels(x) : x.joiningChannels(condition)
    }
    precondition(configuration.conditionChannels == 0, "there is nothing to draw from")
    return inputs.lowRes.map { superResolutionInput(x, lowRes: $0) } ?? x
  }

  /// The rows of the class embeddings.
  func rows(of labels: [Int?]?) -> [Int]? {
    labels?.map { label in
      guard let row = label ?? configuration.nullClass else { preconditionFailure("the model has no null class") }
      return row
    }
  }
}
