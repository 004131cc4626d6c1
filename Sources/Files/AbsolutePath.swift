import DiffusionPlatform

/// `path` from the root, so that it means the same file in any working directory. Links are not followed.
public func absolutePath(_ path: String) -> String {
  guard !path.isEmpty, !path.hasPrefix("/"), let pointer = getcwd(nil, 0) else { return path }
  defer { free(pointer) }
  let folder = String(cString: pointer)
  return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
}

/// The path of something that exists without `.`, `..` and symbolic links; nil if it does not exist.
public func resolvedPath(_ path: String) -> String? {
  guard let pointer = realpath(path, nil) else { return nil }
  defer { free(pointer) }
  return String(cString: pointer)
}

/// Whether a file that may not exist lies in a folder, or in a folder inside it.
public func isFile(_ path: String, inside folder: String) -> Bool {
  let parent = folderAndName(path).folder
  guard let place = resolvedPath(parent.isEmpty ? "." : parent), let folder = resolvedPath(folder) else { return false }
  return place == folder || place.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
}
