import DiffusionCheckpoints
import DiffusionCore
import DiffusionModels
import Foundation
import Sampling
import TensorCore
import TestSupport
import Testing

/// The table of families in the documentation is what comes of opening, drawing from and converting a file of each.
struct FamilyTableTests {
  /// A family's file, and what of it is compared with its own code, elsewhere in the tests.
  private struct Row {
    let codeBase: String
    let file: String
    var headChannels: Int?
    var process: String?
    let compared: String
  }

  private static let rows = [
    Row(
      codeBase: "improved-diffusion", file: "unet/improved-scaleshift-class.pt",
      compared: "network, DDPM, DDIM, training"),
    Row(codeBase: "guided-diffusion", file: "unet/guided-updown-class.pt", compared: "network, DDPM, DDIM, classifier"),
    Row(
      codeBase: "consistency_models", file: "families/consistency/imagenet-like/…", headChannels: 16,
      process: "consistency",
      compared: "network, its six samplers"),
    Row(codeBase: "torchcfm", file: "families/flow/cifar-like/…", headChannels: 32, compared: "network, Euler, Heun"),
    Row(codeBase: "flow_matching", file: "families/flow/flow-matching.pth", compared: "network, Euler, guidance"),
    Row(codeBase: "diffusers, UNet2DModel", file: "diffusers/default-like", compared: "network, 27 schedulers"),
    Row(codeBase: "diffusers, NCSN++", file: "diffusers/ncsnpp-like", compared: "network, predictor-corrector"),
    Row(
      codeBase: "ermongroup/ddim, SDEdit, DDRM, DiffusionCLIP", file: "families/renamed/ddim.ckpt",
      compared: "network, DDIM"),
    Row(codeBase: "w86763777/pytorch-ddpm", file: "families/renamed/pytorch-ddpm.pt", compared: "network, DDIM"),
    Row(codeBase: "tqch/ddpm-torch", file: "families/renamed/ddpm-torch.pt", compared: "network, DDIM"),
    Row(codeBase: "rosinality", file: "families/renamed/rosinality.pt", compared: "network, DDIM"),
    Row(
      codeBase: "MONAI, two dimensions", file: "families/renamed/monai.pth", headChannels: 32,
      compared: "network, DDIM"),
    Row(
      codeBase: "lucidrains' denoising-diffusion-pytorch, 0.22 to 2.3",
      file: "families/lucidrains/self-conditioned.pt", compared: "network, its DDIM, its DDPM"),
    Row(codeBase: "… with classes", file: "families/lucidrains/classes.pt", compared: "network, its guidance"),
    Row(
      codeBase: "… ElucidatedDiffusion", file: "families/lucidrains/elucidated.pt",
      compared: "network, its sampler"),
    Row(codeBase: "NVlabs/edm", file: "families/edm/ddpmpp-edm.pkl", compared: "network, generate.py to the pixel"),
    Row(
      codeBase: "score_sde_pytorch, VE", file: "families/score_sde/ncsnpp-ve-continuous.pth",
      compared: "network, score, predictor"),
    Row(
      codeBase: "score_sde_pytorch, VP", file: "families/score_sde/ddpmpp-vp-continuous.pth",
      compared: "network, score"),
    Row(codeBase: "SR3", file: "families/conditional/sr3_I10_E1_gen.pth", compared: "network, DDPM, DDIM"),
    Row(
      codeBase: "Palette", file: "families/conditional/10_Network_ema.pth", headChannels: 16,
      compared: "network, DDPM, DDIM, completion"),
  ]

  /// What comes of a row's file.
  private func cells(_ row: Row) throws -> [String] {
    var path = Fixture.path(row.file)
    if row.file.hasSuffix("/…") {
      let folder = Fixture.path(String(row.file.dropLast(2)))
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      path = folder + "/" + (try #require(names.sorted().first { $0.hasSuffix(".pt") }))
    } else if !FileManager.default.fileExists(atPath: path) {
      path += ".safetensors"
    }
    var stated = StatedSettings()
    (stated.imageSize, stated.numHeadChannels, stated.process) = (16, row.headChannels, row.process)
    if row.file.hasPrefix("diffusers") || row.file.hasPrefix("unet") { stated.imageSize = nil }
    let source = try ModelSource(path: path, stated: stated)
    let model = try DiffusionModel(source, path: path)
    let specification = model.specification

    var request = SamplingRequest(seed: 1)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    if let empty = specification.emptyCondition(1) {
      request.condition = folder.appendingPathComponent("condition.npy").path
      try Data(npy(empty.shape, .float32(empty.values))).write(to: URL(fileURLWithPath: request.condition ?? ""))
    }
    let plan = try model.plan(for: request)
    let passes = plan.modelEvaluations

    // A converted file opens without a word, and its network is the same to the bit.
    let converted = folder.appendingPathComponent("m.safetensors").path
    var bytes: [UInt8] = []
    try writeSafetensors(
      source.checkpoint.state, metadata: ["config": specification.description.json()], half: false
    ) { bytes += $0 }
    try Data(bytes).write(to: URL(fileURLWithPath: converted))
    let reopened = try DiffusionModel(path: converted)
    #expect(reopened.specification.isFullyDescribed && reopened.specification.family == specification.family)
    let x = Tensor([1] + specification.imageShape, (0..<specification.imageShape.reduce(1, *)).map { sinf(Float($0)) })
    let inputs = NetworkInputs(
      conditioning: [plan.process.level(plan.process.count / 2).conditioning],
      labels: specification.classCount.map { _ in [0] }, condition: specification.emptyCondition(1))
    let same = model.network(x, inputs).values == reopened.network(x, inputs).values
    #expect(same, "\(row.codeBase)")

    let guidance =
      specification.nullClass != nil
      ? "classes, `--guidance`"
      : specification.classCount != nil ? "classes" : specification.conditionChannels > 0 ? "`--condition`" : ""
    let diffusers = (try? DiffusersExport(source)) == nil ? "" : ", diffusers"
    return [
      row.codeBase, specification.kind, "\(plan.sampler.title), \(passes) \(passes == 1 ? "pass" : "passes")", guidance,
      "safetensors" + diffusers, row.compared,
    ]
  }

  @Test func theTableIsTrue() throws {
    var lines = [
      "| code base | network | default sampler | takes | converts to | compared with its own code |",
      "|---|---|---|---|---|---|",
    ]
    for row in Self.rows {
      do { lines.append("| \(try cells(row).joined(separator: " | ")) |") } catch {
        Issue.record("\(row.codeBase): \(error)")
      }
    }
    let page = URL(fileURLWithPath: Fixture.path("")).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Documentation/sample.docc/ModelFamilies.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let table = lines.joined(separator: "\n")
    #expect(text.contains(table), "Documentation/sample.docc/ModelFamilies.md should have this table:\n\(table)")
    // No family is missing.
    for family in ModelFamilies.all {
      #expect(text.contains("`\(family.name)`"), "\(family.name)")
    }
  }
}
