import DiffusionCore
import DiffusionImages
import Foundation
import Testing

@testable import Sampling

/// Requests in JSON.
struct RequestTests {
  /// With something in every place.
  private static let full: SamplingRequest = {
    var request = SamplingRequest(
      count: 3, steps: 5, sampler: "ddim", seed: .max, classes: [.name("cat"), .index(3), .typed("0-9")], guidance: 1.5)
    request.model = "m.pt"
    request.settings.imageSize = 64
    request.settings.channelMult = [0.5, 1]
    request.source = .interpolation(.seeds(1, .max), frames: 4)
    request.index = 4...9
    request.shard = Shard(number: 2, count: 3)
    request.batch = 7
    request.respacing = "ddim50"
    request.timesteps = [9, 3, 0]
    (request.sigmas, request.scales) = ([80, 2.5], [0, 22, 39])
    request.spacing = .karras
    request.eta = 0.25
    (request.churn, request.churnMin, request.churnMax, request.churnNoise) = (40, 0.05, 50, 1.003)
    request.clipDenoised = false
    request.noiseStream = .torch
    request.noise = "n.npy"
    request.guidanceInterval = 10...90
    request.guideModel = "w.pt"
    (request.classifier, request.classifierScale) = ("c.pt", 2)
    (request.lowRes, request.initImage, request.mask) = ("l.png", "i.png", "m.png")
    request.condition = "pictures"
    (request.strength, request.jumpLength, request.jumpCount) = (0.5, 3, 2)
    return request
  }()

  @Test func everythingComesBack() throws {
    let json = try JSONEncoder().encode(Self.full)
    #expect(try JSONDecoder().decode(SamplingRequest.self, from: json) == Self.full)
    // Every name is used.
    let object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    #expect(Set(object.keys) == Set(SamplingRequest.names))
  }

  @Test func defaultsAreLeftOut() throws {
    #expect(String(decoding: try JSONEncoder().encode(SamplingRequest()), as: UTF8.self) == "{}")
    #expect(try JSONDecoder().decode(SamplingRequest.self, from: Data("{}".utf8)) == SamplingRequest())
  }

  @Test func sourcesComeBack() throws {
    let sources: [SamplingRequest.Source] = [
      .noise, .reconstruction(of: ["a.png", "b.npz"]), .interpolation(.pictures("a.png", "b.png"), frames: 8),
    ]
    for source in sources {
      let json = try JSONEncoder().encode(source)
      #expect(try JSONDecoder().decode(SamplingRequest.Source.self, from: json) == source)
    }
  }

  @Test(arguments: [
    #"{"shard": {"number": 3, "count": 2}}"#, #"{"class": [true]}"#, #"{"class": "cat"}"#, #"{"seed": -1}"#,
    #"{"rng": "mersenne"}"#, #"{"spacing": "even"}"#, #"{"index": [9, 4]}"#, #"{"steps": "five"}"#,
    #"{"settings": {"imagesize": 64}}"#,
  ])
  func whatIsNoneIsRefused(json: String) {
    #expect {
      _ = try JSONDecoder().decode(SamplingRequest.self, from: Data(json.utf8))
    } throws: { $0 is DecodingError || $0 is RequestValueError }
  }

  @Test(arguments: [
    (#"{"steps": 0}"#, "--steps: 0 is out of range"), (#"{"count": -1}"#, "--count: -1 is out of range"),
    (#"{"eta": -1}"#, "--eta: -1.0 is out of range"),
    (#"{"strength": 2, "init_image": "a"}"#, "--strength: 2 is out of range"),
    (#"{"timesteps": [1, 5]}"#, "--timesteps: each must be less"), (#"{"timesteps": []}"#, "--timesteps:"),
    (#"{"steps": 1, "timesteps": [5]}"#, "--steps and --timesteps both"),
    (#"{"mask": "m.png"}"#, "--mask needs an image"),
    (#"{"eta": 1, "sampler": "heun"}"#, "--eta is for ddim"), (#"{"index": [0, 1], "count": 2}"#, "--count 2 and"),
    (#"{"rng": "torch", "shard": {"number": 1, "count": 2}}"#, "--shard draws a part"),
    (#"{"jump_count": 2}"#, "--jump-count needs a mask"), (#"{"classifier_scale": 2}"#, "--classifier-scale needs"),
    (#"{"index": [0, 9223372036854775807]}"#, "--index: 9223372036854775807 is out of range"),
    (#"{"index": [0, 9223372036854775805]}"#, "--index: 0-9223372036854775805 are too many"),
    (#"{"class": []}"#, "--class: the list is empty"),
    (#"{"source": {"reconstruction": {"of": []}}}"#, "a reconstruction needs an image"),
    (#"{"source": {"reconstruction": {"of": ["a.png"]}}, "index": [5, 5]}"#, "--index: a reconstruction"),
    (#"{"source": {"reconstruction": {"of": ["a.png"]}}, "sampler": "heun"}"#, "--sampler heun: a reconstruction"),
    (
      #"{"source": {"interpolation": {"_0": {"seeds": {"_0": 1, "_1": 2}}, "frames": 1}}}"#,
      "--frames: 1 is out of range"
    ),
    (
      #"{"source": {"interpolation": {"_0": {"seeds": {"_0": 1, "_1": 2}}, "frames": 3}}, "eta": 1}"#,
      "--eta: an interpolation"
    ),
  ])
  func whatCannotBeIsSaid(json: String, problem: String) throws {
    let request = try JSONDecoder().decode(SamplingRequest.self, from: Data(json.utf8))
    #expect(request.problem?.hasPrefix(problem) == true, "\(request.problem ?? "nothing")")
    #expect(throws: SamplingError.self) { try DiffusionModel.embedded.plan(for: request) }
  }
}
