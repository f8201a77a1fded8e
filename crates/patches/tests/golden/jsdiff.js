// What the package `diff` writes, file by file.
const fs = require("fs"), path = require("path"), diff = require("diff");
const files = (folder) => fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  .map((file) => path.relative(folder, path.join(file.parentPath ?? file.path, file.name)));
const [old, after] = ["old", "new"].map((name) => path.join(process.argv[2], name));
const text = (folder, name) => fs.existsSync(path.join(folder, name)) ? fs.readFileSync(path.join(folder, name), "utf8") : null;
for (const name of [...new Set([...files(old), ...files(after)])].sort()) {
  const [was, is] = [text(old, name), text(after, name)];
  if (was !== is) process.stdout.write(diff.createTwoFilesPatch(was === null ? "/dev/null" : name, is === null ? "/dev/null" : name, was ?? "", is ?? ""));
}
