/// Finds a network among all tensors of a file: training programs nest its state dict, put prefixes before its names,
/// and save a running average beside the raw weights.
struct NetworkSearch {
  /// Tensors that lie together in a file: in one dictionary, or in one list.
  struct Group {
    /// The keys that lead to them, outermost first. The items of a list have their numbers as keys.
    let path: [String]
    /// Their names, or their numbers in a list, in the file's order.
    let names: [String]
    /// Their shapes.
    let shapes: [[Int]]
    /// Whether they are the items of a list, which have no names.
    var isList = false
  }

  /// The tensors of a network.
  struct Found {
    /// The keys that lead to the network: those of its group, and what precedes all names where that says that it is an
    /// average.
    let keyPath: [String]
    /// Whether a key says that they are a running average.
    let isAverage: Bool
    /// Each tensor's name without what precedes all of them, and its place: the index of the group and that in it.
    let tensors: [(name: String, group: Int, index: Int)]
    /// What precedes their names.
    var prefix = ""
    /// The tensors directly under one of the keys that precede the names, as `tensors`.
    var neighbours: [(name: String, group: Int, index: Int)] = []
    /// The keys of a list of averages that does not fit, where raw weights are all that is left.
    var unfit: [String]?
  }

  /// A network's place: what precedes the names of its tensors in a group.
  private struct Root {
    let group: Int
    let prefix: String
    let isAverage: Bool
  }

  /// The keys under which raw weights are usual, the likeliest first.
  static let usualKeys = ["state_dict", "model_state_dict", "model"]
  /// More networks or lists in a file are not looked at: no trainer saves as many.
  private static let most = 64

  private let groups: [Group]
  private let known: [Set<String>]
  private let isInList: Bool

  /// A search in `groups`.
  ///
  /// - Parameter isInList: whether the outermost keys are the numbers of a list's items.
  init(_ groups: [Group], isInList: Bool = false) {
    self.groups = groups
    self.isInList = isInList
    known = groups.map { Set($0.names) }
  }

  /// The network of which one tensor's name is, or ends with, one of `signatures`; nil if there is none. Of several the
  /// average counts.
  func network(_ signatures: [String]) -> Found? {
    let roots = roots(signatures)
    let averages = roots.filter(\.isAverage).sorted { preference($0) > preference($1) }
    let raw = roots.filter { !$0.isAverage }.min { rank($0) < rank($1) }
    if let average = averages.first { return found(average, among: roots) }
    return raw.map { found($0, among: roots) }.map { withoutDots($0) ?? averaged($0) }
  }

  /// The first words of the names of all tensors but those of `found`, which say what else the file holds:
  /// `first_stage_model`, …
  func words(beside found: Found) -> Set<String> {
    var own = groups.map { _ in Set<Int>() }
    for tensor in found.tensors { own[tensor.group].insert(tensor.index) }
    var words: Set<String> = []
    for (g, group) in groups.enumerated() where !group.isList {
      for (i, name) in group.names.enumerated() where words.count < Self.most && !own[g].contains(i) {
        if let word = name.split(separator: ".").first { words.insert(String(word)) }
      }
    }
    return words
  }

  /// The roots in the file's order.
  private func roots(_ signatures: [String]) -> [Root] {
    var places: [(group: Int, prefix: String)] = []
    for (g, group) in groups.enumerated() where !group.isList {
      var prefixes: Set<String> = []
      for name in group.names {
        guard let signature = signatures.first(where: { name == $0 || name.hasSuffix("." + $0) }) else { continue }
        let prefix = String(name.dropLast(signature.count))
        guard prefixes.insert(prefix).inserted, places.count < Self.most else { continue }
        places.append((g, prefix))
      }
    }
    // Of a list of states, the last is the average (ermongroup/ddim).
    let last = isInList && places.count > 1 ? places.last?.group : nil
    return places.map { group, prefix in
      Root(
        group: group, prefix: prefix,
        isAverage: group == last || isAverage(group, prefix: prefix))
    }
  }

  /// Whether keys or prefix say that a network is a running average.
  private func isAverage(_ group: Int, prefix: String) -> Bool {
    let keys = groups[group].path + prefix.split(separator: ".").map(String.init)
    guard let average = keys.lastIndex(where: Self.isAverageKey) else {
      // torch.optim.swa_utils.AveragedModel counts its updates beside the model.
      return prefix.hasSuffix("module.") && known[group].contains(prefix.dropLast("module.".count) + "n_averaged")
    }
    return Self.rawKeys.isDisjoint(with: keys[average...])
  }

  /// Of averages, how much each is to be preferred: one whose own key says what it is, then that of the highest rate.
  private func preference(_ root: Root) -> Double {
    let keys = groups[root.group].path + root.prefix.split(separator: ".").map(String.init)
    let rate = keys.lazy.flatMap { $0.split(separator: "_") }.compactMap { Double($0) }.first { $0 < 1 } ?? 0
    return (keys.last.map(Self.isAverageKey) == true ? 1 : 0) + rate
  }

  /// Keys of raw weights that are kept beside their average, under its key.
  private static let rawKeys: Set<String> = ["online_model", "backup", "backup_params", "collected_params", "raw"]

  /// Whether a key names a running average: `ema`, `params_ema`, `ema_0.9999`, `model_avg`, `shadow`, …
  static func isAverageKey(_ key: String) -> Bool {
    let words = key.lowercased().split(separator: "_")
    return words.contains { ["ema", "avg", "averaged", "average", "shadow"].contains($0) }
      && !words.contains { ["no", "non", "not", "use", "without"].contains($0) }
  }

  /// The order in which raw weights are preferred: those under a usual key first, the least nested first.
  private func rank(_ root: Root) -> Int {
    let path = groups[root.group].path
    return (path.first.flatMap { Self.usualKeys.firstIndex(of: $0) } ?? Self.usualKeys.count) * 100 + path.count
  }

  /// The tensors of a root, without those of other roots below it.
  private func found(_ root: Root, among roots: [Root]) -> Found {
    let group = groups[root.group]
    let others = roots.filter { $0.group == root.group && $0.prefix != root.prefix && $0.prefix.hasPrefix(root.prefix) }
    var tensors: [(name: String, group: Int, index: Int)] = []
    for (i, name) in group.names.enumerated()
    where name.hasPrefix(root.prefix) && !others.contains(where: { name.hasPrefix($0.prefix) }) {
      tensors.append((String(name.dropFirst(root.prefix.count)), root.group, i))
    }
    let isInPrefix = root.isAverage && !group.path.contains(where: Self.isAverageKey)
    let prefix = isInPrefix ? root.prefix.split(separator: ".").map(String.init) : []
    return Found(
      keyPath: group.path + prefix, isAverage: root.isAverage, tensors: tensors, prefix: root.prefix,
      neighbours: neighbours(root))
  }

  /// What a module around the network keeps for itself, such as the tables of a process: tensors whose names are one
  /// word after a beginning of the root's prefix, each with the longest beginning there is.
  private func neighbours(_ root: Root) -> [(name: String, group: Int, index: Int)] {
    let group = groups[root.group]
    var lengths: [String: (length: Int, index: Int)] = [:]
    for (i, name) in group.names.enumerated() where !name.hasPrefix(root.prefix) {
      let word = name.split(separator: ".").last.map(String.init) ?? name
      let beginning = name.dropLast(word.count)
      guard beginning.count < root.prefix.count, root.prefix.hasPrefix(beginning), word != "weight", word != "bias",
        lengths[word].map({ $0.length < beginning.count }) ?? (lengths.count < Self.most)
      else { continue }
      lengths[word] = (beginning.count, i)
    }
    return lengths.map { ($0.key, root.group, $0.value.index) }
  }

  /// The same network with a nameless list of averages in place of its parameters; nil if there is none that fits. The
  /// list has them in the order of the names, without buffers and what is not trained, which keep their values.
  private func averaged(_ raw: Found) -> Found {
    var raw = raw
    let lists = groups.indices.lazy.compactMap { g in list(in: groups[g]).map { (group: g, list: $0) } }
    for (group, list) in lists.prefix(Self.most) {
      let found = list.indices.map { groups[group].shapes[$0] }
      let sought = raw.tensors.map { groups[$0.group].shapes[$0.index] }
      // From the front and from the back: where these differ, shapes do not say which tensor is left out.
      guard let places = places(of: found, in: sought),
        let back = self.places(of: found.reversed(), in: sought.reversed()),
        back.reversed().map({ sought.count - 1 - $0 }) == places, areBuffers(raw, besides: places)
      else {
        raw.unfit = raw.unfit ?? list.path
        continue
      }
      var tensors = raw.tensors
      for (item, place) in zip(list.indices, places) { tensors[place] = (tensors[place].name, group, item) }
      return Found(
        keyPath: list.path, isAverage: true, tensors: tensors, prefix: raw.prefix, neighbours: raw.neighbours)
    }
    return raw
  }

  /// Whether all tensors but those at `places` may be no parameters that are trained.
  private func areBuffers(_ raw: Found, besides places: [Int]) -> Bool {
    let places = Set(places)
    return raw.tensors.indices.allSatisfy { i in
      places.contains(i) || ![".weight", ".bias"].contains { raw.tensors[i].name.hasSuffix($0) }
    }
  }

  /// The average as latent diffusion's code saves it (`LitEma`), beside the model and under its names without dots; nil
  /// if there is none, or not of all tensors.
  private func withoutDots(_ raw: Found) -> Found? {
    guard raw.prefix.hasPrefix("model."), let group = raw.tensors.first?.group else { return nil }
    let key = "model_ema"
    let places = Dictionary(
      groups[group].names.enumerated().filter { $0.element.hasPrefix("\(key).") }.map { ($0.element, $0.offset) }
    ) { first, _ in first }
    var tensors = raw.tensors
    for i in tensors.indices {
      let name = (raw.prefix.dropFirst("model.".count) + tensors[i].name).filter { $0 != "." }
      guard let place = places["\(key).\(name)"] else { return nil }
      tensors[i] = (tensors[i].name, group, place)
    }
    return Found(
      keyPath: groups[group].path + [key], isAverage: true, tensors: tensors, prefix: raw.prefix,
      neighbours: raw.neighbours)
  }

  /// The place of each of `shapes` in `others`, which has all of them in order and maybe others between them, each at
  /// the first place possible; nil if they are not there.
  private func places(of shapes: [[Int]], in others: [[Int]]) -> [Int]? {
    var places: [Int] = []
    for (i, shape) in others.enumerated() where places.count < shapes.count && shape == shapes[places.count] {
      places.append(i)
    }
    return places.count == shapes.count ? places : nil
  }

  /// The items of a list `shadow_params` (torch_ema's, or a `ParameterList`), in order; nil if the group has none.
  private func list(in group: Group) -> (path: [String], indices: [Int])? {
    let key = "shadow_params"
    if group.isList { return group.path.last == key ? (group.path, Array(group.names.indices)) : nil }
    let numbered = group.names.indices.compactMap { i -> (number: Int, index: Int)? in
      let parts = group.names[i].split(separator: ".")
      guard parts.count == 2, parts[0] == key, let number = Int(parts[1]) else { return nil }
      return (number, i)
    }
    guard !numbered.isEmpty else { return nil }
    return (group.path + [key], numbered.sorted { $0.number < $1.number }.map(\.index))
  }
}
