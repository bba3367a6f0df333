# SPDX-License-Identifier: Apache-2.0
#
# redact.jq — what of an object or a log may leave the cluster. Pure; jq 1.6 or
# newer. Two nets, one behind the other: `redact` knows where secrets stand in
# Kubernetes objects (env values, headers, Secrets, copies in annotations), and
# `mask` takes out what `literals` and `secret_values` have found to be secret,
# wherever else it may have got to: a log, a message, a metric.

def hidden: "[redacted]";

# krypton-proxy's settings, which explain how an agent is served. KRYPTON_TOKEN is
# not among them. test/hack/support_redaction.sh compares with the reference page.
def own_settings: [
	"KRYPTON_AGENT_NAME", "KRYPTON_AGENT_NAMESPACE", "KRYPTON_LISTEN_ADDR", "KRYPTON_UPSTREAM_URL",
	"KRYPTON_CONCURRENCY", "KRYPTON_MODE", "KRYPTON_PROTOCOL", "KRYPTON_IDLE_TIMEOUT",
	"KRYPTON_SHUTDOWN_TIMEOUT", "KRYPTON_REQUEST_HEAD_TIMEOUT", "KRYPTON_REQUEST_BODY_TIMEOUT",
	"KRYPTON_CONNECT_TIMEOUT", "KRYPTON_STREAM_IDLE_TIMEOUT", "KRYPTON_KEEP_ALIVE_TIMEOUT",
	"KRYPTON_MAX_REQUEST_HEAD_BYTES", "KRYPTON_MAX_REQUEST_BODY_BYTES", "KRYPTON_GATEWAY",
	"KRYPTON_READINESS_PATH", "KRYPTON_LOG_LEVEL"
];

# A text that is JSON, or null. In brackets, since a bare `?` of jq 1.6 also swallows what fails behind it.
def parsed: [fromjson?][0];

def is_own_setting: . as $name | own_settings | index($name) != null;

def word_of_secrets: "token|passw(?:or)?d|passphrase|secret|api[-_]?key|access[-_]?key|private[-_]?key|credential";

def names_a_secret: test("(?i)" + word_of_secrets + "|authorization|cookie|^key$|[-_]key$");

# secretName, passwordPath, tokenRef and so on say where a secret is, not what it is.
def names_a_place: test("(?i)(?:name|namespace|ref|path|file|type|kind|policy|mode)$|^topology_?key$");

# ---- text: what looks like a secret, in a string or a line of a log

def text_max: 100000;

def scrub_text:
	(if length > text_max then .[0:text_max] + " [cut]" else . end)
	| if test("(?i)" + word_of_secrets + "|authorization|cookie|bearer|://|eyJ|akia|PRIVATE KEY|[0-9a-f]{64}|(?:sk|pk|gh[opsu]|glpat|xox[abprs]|hf)[-_]") then
		gsub("-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?:.(?!-----END))*.(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?"; hidden; "s")
		| gsub("(?i)(?<before>(?:krypton-token|x-api-key|authorization|cookie)\\\\?[\"']?\\s{0,4}[:=]\\s{0,4}\\\\?[\"']?)(?:(?:bearer|basic|digest|negotiate)\\s+)?[^\"'\\s,}\\\\]+"; "\(.before)\(hidden)")
		| gsub("(?i)(?<before>\\bbearer\\s+)(?!realm=|token\\b|authentication\\b)[a-z0-9._~+/=-]{6,}"; "\(.before)\(hidden)")
		| gsub("(?i)(?<before>(?<!internal-)(?<!image-pull-)(?:" + word_of_secrets + ")[a-z0-9_-]{0,40}=\\\\?[\"']?)[^\"'\\s,;&}\\\\]+"; "\(.before)\(hidden)")
		| gsub("(?i)(?<before>(?<!internal-)(?<!image-pull-)(?:" + word_of_secrets + ")[a-z0-9_-]{0,40}\\\\?\"\\s{0,4}:\\s{0,4}\\\\?\")[^\"\\\\]+"; "\(.before)\(hidden)")
		| gsub("(?i)(?<before>--[a-z0-9-]{0,40}(?:" + word_of_secrets + ")[a-z0-9-]{0,20}\\s+)[^-\\s]\\S*"; "\(.before)\(hidden)")
		| gsub("(?i)(?<before>\\b[a-z][a-z0-9+.-]{1,20}://)[^/\\s@\"']{1,300}@"; "\(.before)\(hidden)@")
		| gsub("eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}(?:\\.[A-Za-z0-9_-]*)?"; hidden)
		| gsub("(?<![A-Za-z0-9])(?:(?:sk|pk|gh[opsu]|github_pat|glpat|xox[abprs]|hf)[-_][A-Za-z0-9_-]{16,}|AKIA[A-Z0-9]{16})"; hidden)
		# An agent's token, and anything else of its shape that no `sha256:` or path precedes.
		| gsub("(?<![A-Za-z0-9:/@-])[0-9a-f]{64}(?![A-Za-z0-9])"; hidden)
	else . end;

# Lines of a log: a private key is taken out from its first line to its last.
def scrub_lines:
	foreach split("\n")[] as $line ({inside: false};
		if .inside then .inside = ($line | contains("-----END") | not) | .said = null
		elif ($line | test("-----BEGIN [A-Z ]*PRIVATE KEY-----")) then .inside = ($line | contains("-----END") | not) | .said = hidden
		else .said = ($line | if length > 8000 then .[0:8000] + " [cut]" else . end | scrub_text) end;
		.said | strings);

# ---- objects

# Words of a command line; the one behind --token is a secret too.
def redact_words:
	. as $words
	| [range(length) | . as $i | $words[$i]
		| if type != "string" then .
		elif $i > 0 and ($words[$i - 1] | type) == "string" and ($words[$i - 1] | test("^--?[^=\\s]+$")) and ($words[$i - 1] | names_a_secret and (names_a_place | not))
			and (startswith("-") | not) then hidden
		else scrub_text end];

# The names of a Secret's keys, and nothing of its values.
def secret_outline:
	{apiVersion, kind, type, immutable,
	 metadata: (.metadata | {name, namespace, creationTimestamp, resourceVersion, labels, ownerReferences}),
	 keys: ([.data, .stringData | objects | keys[]] | unique)};

def redact:
	if type == "string" then scrub_text
	elif type == "array" then map(redact)
	elif type != "object" then .
	elif .kind == "Secret" and (has("data") or has("stringData") or has("type")) then secret_outline
	else
		. as $object
		| del(.managedFields)
		| with_entries(
			.key as $key
			| .value |= (
				if $key == "value" and ($object.name | type) == "string" then
					(if $object.name | is_own_setting then redact elif . == null then . else hidden end)
				elif $key == "annotations" and type == "object" then
					with_entries(.key as $name | .value |= (
						if type != "string" then hidden
						else parsed as $inner
						| if ($inner | type) == "object" or ($inner | type) == "array" then $inner | redact | tojson
						elif $name | test("(?i)applied|original|last-config|manifest") then hidden
						elif ($name | names_a_secret) and ($name | names_a_place | not) then hidden
						else scrub_text end
						end))
				elif ($key == "command" or $key == "args") and type == "array" then redact_words
				elif $key == "env" and type == "object" then map_values(hidden)
				elif type == "string" and ($key | names_a_secret) and ($key | names_a_place | not)
					and ($object | has("operator") | not) and ($key != "key" or ($object | has("name") or has("effect") | not)) then hidden
				else redact end))
	end;

# ---- what is masked everywhere

# The object, and the copies of it that tools keep in annotations.
def with_copies: ., (.. | objects | .annotations? | objects | .[] | strings | parsed | objects);

# Literal env and header values that cannot be ordinary words: those with a telling name, and long mixed ones.
def literals:
	[with_copies | .. | objects
		| select((.name | type) == "string" and (.value | type) == "string")
		| select(.name | is_own_setting | not)
		| select(((.name | names_a_secret) and (.value | length) >= 6)
			or ((.value | length) >= 12 and (.value | test("[0-9]") and test("[A-Za-z]"))))
		| .value]
	| unique;

# The values of Secrets: whole, by line, the strings in those that are JSON, and in base64. Helm's releases are not secrets of anybody.
def secret_values:
	[(.items // [.])[] | select(.kind == "Secret" or .type != null) | select(.type != "helm.sh/release.v1") | .data // {} | .[] | strings
		| (select(length >= 12)),
		  ([@base64d?][] | ., split("\n")[], (parsed | .. | strings))
		| select(length >= 6)]
	| unique;

# Names that everybody may know are no secrets, even where somebody uses one as a password.
def known_names:
	[.. | objects | (.name, .namespace, .image, .nodeName, .kind, .reason, .type, .phase, .serviceAccountName, .protocol, .mode) | strings] | unique;

# Masks as they may stand in a text, longest first; in JSON they stand escaped. Past the bound, agents' tokens are still known by their shape.
def masks_max: 4000;

def as_masks($names):
	(reduce $names[] as $name ({}; .[$name] = true)) as $known
	| unique | map(select(length >= 6 and ($known[.] | not)))
	| sort_by(test("^[0-9a-f]{64}$")) | .[0:masks_max]
	| map(., (tojson | .[1:-1])) | unique | sort_by(-length);

# A whole text with the masks taken out.
def mask($masks):
	reduce $masks[] as $value (.; split($value) as $parts | if ($parts | length) > 1 then $parts | join(hidden) else . end);
