#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Kills a child of ours, its process group and, where /proc tells who they are, all that descend
/// from it, those in groups and sessions of their own too. Waits for the child.
func endProcessTree(_ leader: pid_t) {
  // Stopped, nobody starts another while we look.
  kill(-leader, SIGSTOP)
  var family: Set<pid_t> = [leader]
  while true {
    let grown = descendants(of: family)
    let found = grown.subtracting(family)
    if found.isEmpty { break }
    for process in found { kill(process, SIGSTOP) }
    family = grown
  }
  kill(-leader, SIGKILL)
  for process in family { kill(process, SIGKILL) }
  var status: Int32 = 0
  while waitpid(leader, &status, 0) < 0 && errno == EINTR {}
}

/// The processes with all whose chain of parents leads to one of them.
private func descendants(of ancestors: Set<pid_t>) -> Set<pid_t> {
  let parents = parentsOfProcesses()
  var family = ancestors
  var isGrowing = true
  while isGrowing {
    let children = parents.filter { family.contains($0.value) && !family.contains($0.key) }.keys
    family.formUnion(children)
    isGrowing = !children.isEmpty
  }
  return family
}

/// Parent of every process; empty where there is no /proc.
private func parentsOfProcesses() -> [pid_t: pid_t] {
  guard let folder = opendir("/proc") else { return [:] }
  defer { closedir(folder) }
  var parents: [pid_t: pid_t] = [:]
  while let entry = readdir(folder) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if let process = pid_t(name), let parent = parent(of: process) { parents[process] = parent }
  }
  return parents
}

/// The fourth field of /proc/PID/stat; the second, the name in parentheses, may hold anything.
private func parent(of process: pid_t) -> pid_t? {
  let file = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: 512)
  let count = read(file, &bytes, bytes.count)
  guard count > 0, let end = bytes[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
  let fields = bytes[(end + 1)..<count].split(separator: UInt8(ascii: " "))
  return fields.count > 1 ? pid_t(String(decoding: fields[1], as: UTF8.self)) : nil
}
