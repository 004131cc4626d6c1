import DiffusionFiles

/// The two files in a run's folder that say how training goes, a row for each time it is asked: `progress.csv`, as upstream's logger writes
/// it, and `progress.jsonl` with an object in each line. The first column is `step`; keys that come later become columns at the right,
/// empty in the rows before. Rows can be read as soon as they are written.
public final class TrainingLog {
  private let csvPath: String
  private var keys: [String]
  private var csv: AppendedFile
  private let jsonLines: AppendedFile

  /// Begins the log in `folder`, which must be there, or goes on with it.
  ///
  /// - Parameters:
  ///   - folder: the run's folder.
  ///   - step: for a run that goes on from this step: rows of later ones, which will come again, are dropped, and a last line
  ///     that was cut short; other rows stay. Without it, files that are there are begun anew.
  /// - Throws: `TrainingLogError`; a file that is no log stays as it is.
  public init(folder: String, resumingFrom step: Int? = nil) throws(TrainingLogError) {
    csvPath = folder + "/progress.csv"
    let jsonPath = folder + "/progress.jsonl"
    var table = CSVLog(keys: ["step"], rows: [])
    var lines: [String] = []
    if let step {
      if let text = try Self.lines(csvPath) { table = try CSVLog(text, until: step, path: csvPath) }
      if let text = try Self.lines(jsonPath) { lines = try Self.jsonLines(text, until: step, path: jsonPath) }
    }
    keys = table.keys
    do {
      try writeAtomically(table.bytes, to: csvPath)
      try writeAtomically(Array(lines.map { $0 + "\n" }.joined().utf8), to: jsonPath)
      csv = try AppendedFile(path: csvPath)
      jsonLines = try AppendedFile(path: jsonPath)
    } catch { throw .file(error) }
  }

  /// Adds a row.
  ///
  /// - Parameters:
  ///   - step: how many steps of training there have been.
  ///   - values: names and numbers, in the order in which new ones become columns. Names have letters, digits, `_`, `-`, `.`, `/` and `@` only,
  ///     and each comes once. What is no number is `nan` or `inf` in the table, and null in JSON, which knows no other.
  /// - Throws: `TrainingLogError.file`.
  public func log(step: Int, values: [(key: String, value: Double)]) throws(TrainingLogError) {
    let row = [("step", Double(step))] + values.map { ($0.key, $0.value) }
    precondition(Set(row.map(\.0)).count == row.count, "a row cannot have two values of one name")
    precondition(row.allSatisfy { Self.isName($0.0) }, "a column's name has letters, digits, _, -, ., / and @ only")
    do {
      let new = row.map(\.0).filter { !keys.contains($0) }
      if !new.isEmpty {
        var table = CSVLog(keys: keys, rows: try Self.read(csvPath).dropFirst().map(String.init))
        table.add(keys: new)
        try writeAtomically(table.bytes, to: csvPath)
        csv = try AppendedFile(path: csvPath)
        keys = table.keys
      }
      let numbers = Dictionary(uniqueKeysWithValues: row)
      let cells = keys.map { key in numbers[key].map(Self.text) ?? "" }
      try csv.append(Array((cells.joined(separator: ",") + "\n").utf8))
      let members = row.map { "\"\($0)\": \($1.isFinite ? Self.text($1) : "null")" }
      try jsonLines.append(Array("{\(members.joined(separator: ", "))}\n".utf8))
    } catch { throw .file(error) }
  }

  private static func isName(_ key: String) -> Bool {
    !key.isEmpty
      && key.utf8.allSatisfy { byte in
        let character = Character(Unicode.Scalar(byte))
        return character.isASCII && (character.isLetter || character.isNumber || "_-./@".contains(character))
      }
  }

  /// The shortest digits that give the number back; whole numbers without a point, as counts are written.
  private static func text(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }

  /// The whole lines of a file; what is behind the last line's end was cut short.
  private static func read(_ path: String) throws(FileError) -> [Substring] {
    String(decoding: try readFile(path), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      .dropLast()
  }

  /// The whole lines of a file, or nil if there is no such file.
  private static func lines(_ path: String) throws(TrainingLogError) -> [Substring]? {
    do { return try kind(ofPath: path) == .nothing ? nil : read(path) } catch { throw .file(error) }
  }

  /// The lines of steps up to `last`; each begins with its step.
  private static func jsonLines(
    _ lines: [Substring], until last: Int, path: String
  ) throws(TrainingLogError) -> [String] {
    var kept: [String] = []
    for (i, line) in lines.enumerated() {
      let begin = "{\"step\": "
      guard line.hasPrefix(begin), line.hasSuffix("}"),
        let step = Int(line.dropFirst(begin.count).prefix { $0 != "," && $0 != "}" })
      else { throw .line(path: path, i + 1) }
      if step <= last { kept.append(String(line)) }
    }
    return kept
  }
}

/// A table of numbers under names. No cell needs quotes.
private struct CSVLog {
  var keys: [String]
  var rows: [String]

  init(keys: [String], rows: [String]) {
    self.keys = keys
    self.rows = rows
  }

  /// The table in the lines of a file, without the rows of steps after `last`.
  init(_ lines: [Substring], until last: Int, path: String) throws(TrainingLogError) {
    keys = (lines.first ?? "step").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    rows = []
    guard let column = keys.firstIndex(of: "step") else { throw .noSteps(path: path) }
    for (i, line) in lines.enumerated().dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count == keys.count, let step = Double(cells[column]), step == step.rounded() else {
        throw .line(path: path, i + 1)
      }
      if step <= Double(last) { rows.append(String(line)) }
    }
  }

  /// Adds columns without values.
  mutating func add(keys new: [String]) {
    keys += new
    rows = rows.map { $0 + String(repeating: ",", count: new.count) }
  }

  var bytes: [UInt8] {
    Array(([keys.joined(separator: ",")] + rows).map { $0 + "\n" }.joined().utf8)
  }
}
