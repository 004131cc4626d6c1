import DiffusionImages
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DiffusionScoring

/// What a score counts, and what its measures are called.
struct ScoreMeasuresTests {
  /// Four pictures with a feature and three logits.
  private let pictures = PictureFeatures(
    pool: Tensor([4, 1], [1, 2, 3, 5]), spatial: nil,
    logits: Tensor([4, 3], [1, 2, 0, 5, 1, 1, 0, 0, 3, 2, 9, 1]))

  private struct Classifier: FeatureExtractor {
    let name = "c"
    let key = "c"
    let widths = FeatureWidths(pool: 1, spatial: 0, logits: 3)
    let tellsClasses = true

    func input(_ picture: Picture) -> Tensor { preconditionFailure("not called") }
    func features(of inputs: Tensor) -> PictureFeatures { preconditionFailure("not called") }
  }

  private func score(_ labels: [Int]?) throws -> (score: Score, reference: ScoreReference) {
    let reference = try ScoreReference(nil, pictures: pictures, path: "r", Classifier())
    return (try Score(pictures, labels: labels, path: "p", against: reference), reference)
  }

  @Test("The largest logit is the class that a picture is taken for")
  func rightClasses() throws {
    // They are taken for 1, 0, 2 and 1.
    #expect(try score([1, 0, 2, 2]).score.rightClasses == 0.75)
    #expect(try score([1, 0, 2, 1]).score.rightClasses == 1)
    #expect(try score([0, 1, 0, 0]).score.rightClasses == 0)
    let without = try score(nil).score
    #expect(without.rightClasses == nil)
    // The reference's own pictures.
    #expect(without.remarks.count == 1 && without.remarks[0].hasPrefix("p: its kernel distance is below 0, as"))
  }

  @Test("Pictures that are sorted by class are said to be, as the Inception Score of parts of them is too low")
  func sortedPictures() throws {
    func remarks(_ count: Int = 10_000, _ label: (Int) -> Int) throws -> [String] {
      var logits = [Float](repeating: 0, count: 2 * count)
      for n in 0..<count { logits[2 * n + label(n)] = 9 }
      let features = PictureFeatures(
        pool: Tensor([count, 1], (0..<count).map { Float($0) }), spatial: nil, logits: Tensor([count, 2], logits))
      let few = PictureFeatures(pool: Tensor([4, 1], [1, 2, 3, 5]), spatial: nil, logits: nil)
      let reference = try ScoreReference(nil, pictures: few, path: "r", Classifier())
      return try Score(features, path: "p", against: reference).remarks
    }
    // A last split of a few pictures scores less, whatever their order.
    for count in [5001, 10_000, 10_010] { #expect(try remarks(count) { $0 % 2 }.isEmpty) }
    let sorted = try remarks { $0 / 5000 }
    // Two classes that are sure score nearly 2; a split of one scores 1.
    #expect(
      sorted.count == 1 && sorted[0].hasPrefix("p: its pictures seem to be sorted by class")
        && sorted[0].hasSuffix("the score of all of them together is 1.998"), "\(sorted)")
  }

  @Test("Labels that the classifier does not know count nothing, which is said", arguments: [3, -1])
  func unknownLabels(label: Int) throws {
    let found = try score([0, 1, 2, label]).score
    #expect(found.rightClasses == nil)
    #expect(
      found.remarks.count == 2
        && found.remarks[1].contains("p: has labels of classes that the classifier does not know, which has 3 classes"))
  }

  @Test("Classes that have names are told apart by them")
  func classNames() throws {
    struct Pictures: PictureSource {
      let path = "p"
      let count = 3
      let labels: [Int]? = [1, 0, 2]
      let classNames: [String]?
      func fingerprint(progress: (Int, Int) -> Void) -> String { "" }
      func picture(_ index: Int) -> Picture { Picture(width: 1, height: 1, channels: 1, pixels: [1]) }
    }
    struct Named: FeatureExtractor {
      let name = "c"
      let key = "c"
      let widths = FeatureWidths(pool: 1, spatial: 0, logits: 3)
      let tellsClasses: Bool
      let classNames: [String]?

      func input(_ picture: Picture) -> Tensor { preconditionFailure("not called") }
      func features(of inputs: Tensor) -> PictureFeatures { preconditionFailure("not called") }
    }
    func labels(_ names: [String]?, _ known: [String]?, tells: Bool = true) -> [Int]? {
      Pictures(classNames: names).labels(for: Named(tellsClasses: tells, classNames: known))
    }
    #expect(labels(["cat", "dog", "elk"], ["ant", "cat", "dog"]) == [2, 1, -1])
    #expect(labels(nil, ["ant", "cat", "dog"]) == [1, 0, 2])
    #expect(labels(["cat", "dog", "elk"], nil) == [1, 0, 2])
    #expect(labels(["cat", "dog"], ["cat", "dog"]) == [1, 0, -1])
    #expect(labels(["cat", "dog", "elk"], ["cat"], tells: false) == nil)
  }

  @Test("The classifiers of Examples open; that of digits knows digits")
  func examples() throws {
    let examples = URL(fileURLWithPath: Fixture.path("")).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Examples").path
    let emoji = try ClassifierFeatures(path: "\(examples)/emoji/classifier.safetensors")
    #expect(
      emoji.widths == FeatureWidths(pool: 64, spatial: 0, logits: 17) && emoji.classNames?.contains("vehicle") == true)
    let digits = try ClassifierFeatures(path: "\(examples)/digits/classifier.safetensors")
    let source = try openPictures(Fixture.path("mnist.npz"))
    let found = try FeatureComputation(digits, batch: 4) { _, _ in }.features(of: source, keptIn: nil)
    let reference = try ScoreReference(nil, pictures: found, path: "r", digits)
    let score = try Score(found, labels: source.labels(for: digits), path: "p", against: reference)
    #expect(try #require(score.rightClasses) >= 0.9)
  }

  @Test("Measures have the same names in logs and in JSON")
  func names() throws {
    let (score, reference) = try score([1, 0, 2, 2])
    let json = try ScoreReport([score], reference, Classifier()).json()
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    let row = try #require((object?["scores"] as? [[String: Any]])?.first)
    for (key, value) in score.measures { #expect(row[key] as? Double == value, "\(key)") }
    #expect(Set(score.measures.map(\.key)).union(["name", "pictures"]) == Set(row.keys))
  }
}
