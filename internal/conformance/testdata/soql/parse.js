// Reads a JSON list of SOQL statements from standard input and writes, for
// each, what soql-parser-js makes of it: {ok, error, tree}.
const { parseQuery } = require("soql-parser-js");

function parse(text, options) {
  try {
    return { ok: true, tree: parseQuery(text, options) };
  } catch (err) {
    return { ok: false, error: String(err.message).slice(0, 200) };
  }
}

let input = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => (input += chunk));
process.stdin.on("end", () => {
  const texts = JSON.parse(input);
  // With options the package makes a new parser for every statement, which is a
  // hundred times slower; so they are given where they are needed, and last.
  const bound = (text) => /:\s*[A-Za-z]/.test(text);
  const answers = texts.map((text) => (bound(text) ? null : parse(text)));
  texts.forEach((text, i) => {
    if (bound(text)) answers[i] = parse(text, { allowApexBindVariables: true });
  });
  process.stdout.write(JSON.stringify(answers));
});
