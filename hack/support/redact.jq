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
	"KRYPTON_MAX_CONNECTIONS", "KRYPTON_READINESS_PATH", "KRYPTON_LOG_LEVEL"
];

# A text that is JSON, or null. In brackets, since a bare `?` of jq 1.6 also swallows what fails behind it.
def parsed: [fromjson?][0];

def is_own_setting: . as $name | own_settings | index($name) != null;

# Both cases are written out: jq compiles an expression at each use, and one without regard to case costs twenty times as much.
def word_of_secrets: "[Tt]oken|TOKEN|[Pp]assw(?:or)?d|PASSW(?:OR)?D|[Pp]assphrase|PASSPHRASE|[Ss]ecret|SECRET|[Aa]pi[-_]?[Kk]ey|API[-_]?KEY|[Aa]ccess[-_]?[Kk]ey|ACCESS[-_]?KEY|[Pp]rivate[-_]?[Kk]ey|PRIVATE[-_]?KEY|[Cc]redential|CREDENTIAL";

def word_of_headers: "[Kk]rypton-[Tt]oken|KRYPTON-TOKEN|[Xx]-[Aa]pi-[Kk]ey|X-API-KEY|[Aa]uthorization|AUTHORIZATION|[Cc]ookie|COOKIE";

def names_a_secret: test(word_of_secrets + "|" + word_of_headers + "|^key$|[-_]key$");

# secretName, passwordPath, tokenRef and so on say where a secret is, not what it is.
def names_a_place: test("(?:[Nn]ame|NAME|[Nn]amespace|[Rr]ef|[Pp]ath|PATH|[Ff]ile|FILE|[Tt]ype|[Kk]ind|[Pp]olicy|[Mm]ode)$");

# ---- text: what looks like a secret, in a string or a line of a log

def text_max: 100000;

def shape_of_secrets: "eyJ[A-Za-z0-9_-]{10}|(?<![A-Za-z0-9])(?:(?:sk|pk|gh[opsu]|github_pat|glpat|xox[abprs]|hf)[-_]|AKIA)|(?<![A-Za-z0-9:/@-])[0-9a-f]{64}";

# Whether it is worth a closer look: most of what is in an object is not.
def is_suspicious: length > text_max or test(word_of_secrets + "|" + word_of_headers + "|[Bb]earer|BEARER|://[^/\\s@\"']+@|" + shape_of_secrets + "|^key$|[-_]key$");

def scrub_text:
	(if length > text_max then .[0:text_max] + " [cut]" else . end)
	| if length >= 6 and is_suspicious then
		gsub("-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?:.(?!-----END))*.(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?"; hidden; "s")
		| gsub("(?<before>(?:" + word_of_headers + ")\\\\?[\"']?\\s{0,4}[:=]\\s{0,4}\\\\?[\"']?)(?:(?:[Bb]earer|BEARER|[Bb]asic|BASIC|[Dd]igest|[Nn]egotiate)\\s+)?[^\"'\\s,}\\\\]+"; "\(.before)\(hidden)")
		| gsub("(?<before>\\b(?:[Bb]earer|BEARER)\\s+)(?!realm=|token\\b|authentication\\b)[A-Za-z0-9._~+/=-]{6,}"; "\(.before)\(hidden)")
		| gsub("(?<before>(?<!internal-)(?<!image-pull-)(?:" + word_of_secrets + ")[A-Za-z0-9_-]{0,40}=\\\\?[\"']?)[^\"'\\s,;&}\\\\]+"; "\(.before)\(hidden)")
		| gsub("(?<before>(?<!internal-)(?<!image-pull-)(?:" + word_of_secrets + ")[A-Za-z0-9_-]{0,40}\\\\?\"\\s{0,4}:\\s{0,4}\\\\?\")[^\"\\\\]+"; "\(.before)\(hidden)")
		| gsub("(?<before>--[A-Za-z0-9-]{0,40}(?:" + word_of_secrets + ")[A-Za-z0-9-]{0,20}\\s+)[^-\\s]\\S*"; "\(.before)\(hidden)")
		| gsub("(?<before>\\b[A-Za-z][A-Za-z0-9+.-]{1,20}://)[^/\\s@\"']{1,300}@"; "\(.before)\(hidden)@")
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
def redact_words($suspicious):
	. as $words
	| [range(length) | . as $i | $words[$i]
		| if type != "string" then .
		elif $i > 0 and ($words[$i - 1] | type) == "string" and $suspicious[$words[$i - 1]] and (startswith("-") | not)
			and ($words[$i - 1] | test("^--?[^=\\s]+$") and names_a_secret and (names_a_place | not)) then hidden
		elif $suspicious[.] then scrub_text
		else . end];

# Tools keep copies of the whole manifest in annotations.
def redact_annotations($suspicious; redacted):
	. as $all
	| [keys_unsorted[] as $name | {($name): ($all[$name]
		| if type != "string" then hidden
		else (if test("^\\s*[{\\[]") then parsed else null end) as $inner
		| if $inner != null then $inner | redacted | tojson
		elif $name | test("applied|original|last-config|manifest") then hidden
		elif $suspicious[$name] and ($name | names_a_secret and (names_a_place | not)) then hidden
		elif $suspicious[.] then scrub_text
		else . end
		end)}]
	| add // {};

# The names of a Secret's keys, and nothing of its values.
def secret_outline:
	{apiVersion, kind, type, immutable,
	 metadata: (.metadata | {name, namespace, creationTimestamp, resourceVersion, labels, ownerReferences}),
	 keys: ([.data, .stringData | objects | keys[]] | unique)};

# $suspicious has the keys and the strings that are worth a look.
def redact_with($suspicious; whole):
	def inside:
		if type == "string" then (if $suspicious[.] then scrub_text else . end)
		elif type == "array" then map(inside)
		elif type != "object" then .
		elif .kind == "Secret" and (has("data") or has("stringData") or has("type")) then secret_outline
		else
			del(.managedFields) | . as $object
			| [keys_unsorted[] as $key | {($key): ($object[$key]
				| if $key == "value" and ($object.name | type) == "string" then
					(if $object.name | is_own_setting then inside elif . == null then . else hidden end)
				elif $key == "annotations" and type == "object" then redact_annotations($suspicious; whole)
				elif ($key == "command" or $key == "args") and type == "array" then redact_words($suspicious)
				elif $key == "env" and type == "object" then map_values(hidden)
				elif type != "string" then inside
				elif $suspicious[$key] and ($key | names_a_secret and (names_a_place | not)) and ($key != "key" or ($object | has("name") or has("effect") or has("operator") | not)) then hidden
				elif $suspicious[.] then scrub_text
				else . end)}]
			| add // {}
		end;
	inside;

# The same few strings stand in all objects: each is looked at once.
def redact:
	(reduce ([.. | strings, (objects | keys_unsorted[])] | unique[] | select(is_suspicious)) as $word ({}; .[$word] = true)) as $suspicious
	| redact_with($suspicious; redact);

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
