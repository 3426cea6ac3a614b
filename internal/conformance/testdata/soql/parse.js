// Reads a JSON list of SOQL statements from standard input and writes, for
// each, what soql-parser-js makes of it: {ok, error, tree}.
const { parseQuery } = require("soql-parser-js");

let input = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => (input += chunk));
process.stdin.on("end", () => {
  const answers = JSON.parse(input).map((text) => {
    try {
      return { ok: true, tree: parseQuery(text, { allowApexBindVariables: true }) };
    } catch (err) {
      return { ok: false, error: String(err.message).slice(0, 200) };
    }
  });
  process.stdout.write(JSON.stringify(answers));
});
