import DiffusionImages
import Foundation
import Testing

/// `sample run`: a line of JSON for each request, and one for each answer.
struct RunTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private func answers(_ requests: String) throws -> [[String: Any]] {
    try requests.write(to: folder.appendingPathComponent("r.jsonl"), atomically: true, encoding: .utf8)
    let result = try run("run r.jsonl")
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    return try String(decoding: result.output, as: UTF8.self).split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  /// A bad line is an error for that line only.
  @Test func everyLineIsAnswered() throws {
    defer { cleanUp() }
    let answers = try answers(
      """
      {"out": "a.png", "class": ["3"], "steps": 2, "seed": 7}

      {"out": "b.png", "stps": 2}
      no JSON at all
      {"out": "c%d.png", "count": 2, "steps": 2, "seed": 7, "class": [4]}
      {"out": "d.png", "class": ["cat"]}
      {"out": "e.png", "model": "none.pt"}
      {"out": "-"}
      {"out": "f.png", "count": 4, "grid": true, "steps": 1, "seed": 1}
      """)
    #expect(answers.map { $0["line"] as? Int } == [1, 3, 4, 5, 6, 7, 8, 9])
    #expect(answers.map { $0["error"] == nil } == [true, false, false, true, false, false, false, true])
    #expect(answers[0]["files"] as? [String] == ["a.png"] && answers[0]["seed"] as? Int == 7)
    #expect(answers[3]["files"] as? [String] == ["c0.png", "c1.png"] && answers[3]["images"] as? Int == 2)
    #expect(
      (answers[1]["error"] as? String)?.hasPrefix(
        """
        is not a valid JSON request: there is no "stps"
        """) == true)
    #expect(try files == ["a.png", "c0.png", "c1.png", "f.png", "r.jsonl"])
    // The same as the command line draws.
    try run("--class 3 --steps 2 --seed 7 --out again.png")
    #expect(try bytes("again.png") == bytes("a.png"))
  }

  /// A seed that was not asked for is told, and draws the same.
  @Test func theSeedIsTold() throws {
    defer { cleanUp() }
    let seed = try #require(try answers(#"{"out": "a.png", "steps": 1}"#)[0]["seed"] as? Int)
    try run("--steps 1 --seed \(seed) --out b.png")
    #expect(try bytes("a.png") == bytes("b.png"))
  }

  /// What an answer says to write is pasted into the request, which is drawn then.
  @Test(arguments: [
    (#""count": 2"#, #""out": "img-%05d.png""#), (#""eta": 0.5, "sampler": "ddpm""#, #""sampler": "ddim""#),
    (#""timesteps": [1, 2]"#, #""timesteps": [999, 700, 400, 100]"#), (#""respacing": "4", "steps": 3"#, "only one"),
    (#""class": []"#, #""class": [{"typed": "7"}]"#), (#""out": "none/a.png""#, "mkdir -p none"),
    (#""out": "~/a.png""#, "write the whole path"),
  ])
  func whatAnAnswerSaysIsPasted(request: String, says: String) throws {
    defer { cleanUp() }
    let refused = try #require(try answers("{\(request)}")[0]["error"] as? String)
    #expect(refused.contains(says) && !refused.contains("--"), "\(refused)")
    guard says.hasPrefix("\"") else { return }
    let key = says.prefix { $0 != ":" }
    // In place of what was there under this name.
    let others = request.components(separatedBy: ", \"").enumerated().map { $0 == 0 ? $1 : "\"" + $1 }
      .filter { !$0.hasPrefix(key) }
    let drawn = try answers("{\((others + [says]).joined(separator: ", "))}")[0]
    #expect(drawn["error"] == nil, "\(drawn)")
  }

  @Test("Images that are no numbers are named in the answer, and two lines may share a log that the first began")
  func answersSayWhatIsWrong() throws {
    defer { cleanUp() }
    // Finite numbers, whose sums are not.
    let noise = [Float](repeating: 3e38, count: 784)
    try Data(npy([1, 1, 28, 28], .float32(noise))).write(to: folder.appendingPathComponent("n.npy"))
    let answers = try answers(
      """
      {"out": "a.png", "steps": 1, "seed": 1, "noise": "n.npy", "log": "l.jsonl"}
      {"out": "b.png", "steps": 1, "seed": 1, "log": "l.jsonl", "bits": 16}
      {"out": "r.jsonl/x.png", "steps": 1}
      {"out": "c.png", "steps": 1, "noise": "n.npy", "frames": "n.npy"}
      {"out": "c.npz", "steps": 1, "shard": {"number": 1, "count": 2}}
      """)
    #expect((answers[0]["warning"] as? String)?.hasPrefix("1 of 1 images have values that are no numbers") == true)
    #expect(answers[1]["warning"] == nil && answers[1]["error"] == nil)
    #expect(answers[2...].allSatisfy { $0["error"] != nil })
    #expect(String(decoding: try bytes("l.jsonl"), as: UTF8.self).split(separator: "\n").count == 2)
    #expect(try Picture(exactly: bytes("b.png")).bits == 16)
    // Another run is another log.
    let again = try self.answers(#"{"out": "d.png", "steps": 1, "seed": 1, "log": "l.jsonl"}"#)
    #expect((again[0]["error"] as? String)?.contains("l.jsonl exists; write \"overwrite\": true") == true)
  }

  @Test(
    "A value that its key does not take is named, with what it must be",
    arguments: [
      (#"{"seed": -1}"#, #""seed" must be a whole number from 0 to 18446744073709551615"#),
      (#"{"seed": 18446744073709551616}"#, #""seed" must be a whole number from 0 to 18446744073709551615"#),
      (#"{"count": 1.5}"#, #""count" must be a whole number"#),
      (#"{"scale": 1.5}"#, #""scale" must be a whole number"#),
      (#"{"steps": 2,}"#, "there is a comma in front of a closing bracket; leave it out"),
      (#"{"index": [5, 3]}"#, #""index" must be two whole numbers, the smaller first, for instance [0, 9]"#),
      (#"{"class": 7}"#, #""class" must be a list, for instance ["7"]"#),
      (#"{"timesteps": [1.5]}"#, #""timesteps" must be a list of whole numbers, for instance [900, 500, 100]"#),
      (#"{"rng": "mt"}"#, #""rng" must be one of "philox", "torch""#),
      (#"{"grid": "wide"}"#, #""grid" must be true, or the number of images in a row"#),
      (#"{"out": 7}"#, #""out" must be a string, the name of a file"#),
      (#"{"settings": {"image_size": "a"}}"#, "a value of the wrong type at settings.image_size"),
      ("[1]", #"it must be an object, for instance {"out": "a.png", "steps": 20}"#),
    ])
  func valuesThatAreNone(request: String, reason: String) throws {
    defer { cleanUp() }
    #expect(try answers(request)[0]["error"] as? String == "is not a valid JSON request: \(reason)")
  }

  @Test("What an answer says is written, not typed; a comma in a string is no mistake")
  func answersAreWritten() throws {
    defer { cleanUp() }
    let steps = try #require(try answers(#"{"steps": 2000}"#)[0]["error"] as? String)
    #expect(steps == "2000 steps are more than the 1000 of the process; write at most 1000")
    #expect(try answers(#"{"steps": 1, "out": "a,].png"}"#)[0]["error"] == nil)
  }

  @Test func theFileMustBeThere() throws {
    defer { cleanUp() }
    let result = try run("run none.jsonl")
    #expect(result.status == 1)
    #expect(result.errors == "sample: none.jsonl: cannot be read: No such file or directory\n")
    #expect(try run("run").status == 64)
  }
}
