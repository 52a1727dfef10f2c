#!/usr/bin/env python3
"""Second verifier of ExoArmur proof bundles 3: structure, integrity, signer and completeness (spec/verification-report.md).

Written from the specification, in another language, with nothing but the standard library, so that a mistake of one
verifier shows as a disagreement with the other.

    python3 verify_bundle.py BUNDLE [TRUST]     one bundle; exit 0 pass, 1 fail, 2 unreadable input
    python3 verify_bundle.py --lines            JSON lines {"bundle": base64, "trust": text or null} to JSON lines
"""

import base64
import binascii
import hashlib
import json
import math
import re
import sys

MAX_BUNDLE_BYTES = 16_777_216
MAX_DEPTH, MAX_SAFE = 64, 2**53 - 1

class Refused(Exception):
    """A rule of the structure check is broken; the text is its code."""

def demand(code, is_good):
    if not is_good:
        raise Refused(code)

# Canonical JSON (RFC 8785 over I-JSON)
def parse_canonical(data):
    try:
        hooks = {"parse_int": read_int, "parse_float": read_float, "parse_constant": read_float}
        value = json.loads(data.decode("utf-8"), object_pairs_hook=unique, **hooks)
        if depth_of(value) <= MAX_DEPTH and canonical(value) == data:
            return value
    except (ValueError, RecursionError):
        pass
    raise Refused("not_canonical")

def depth_of(value):
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inside is None else 1 + max(map(depth_of, inside), default=0)

def unique(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("duplicate key")
    return dict(pairs)

def read_int(text):
    if len(text) > 17 or abs(int(text)) > MAX_SAFE or text == "-0":
        raise ValueError("unsafe integer")
    return int(text)

def read_float(text):
    number = float(text)
    if not math.isfinite(number) or number.is_integer():
        raise ValueError("integral or infinite float")
    return number

canonical = lambda value: write(value).encode("utf-8")  # a lone surrogate raises here

def write(value):
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{write(key)}:{write(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    if isinstance(value, float):
        return write_float(value)
    return json.dumps(value, ensure_ascii=False)

def write_float(number):
    """ECMAScript Number::toString of a number that is not integral; repr has the same digits in another layout."""
    sign, (mantissa, _, exponent) = "-" if number < 0 else "", repr(abs(number)).partition("e")
    whole_part, _, fraction = mantissa.partition(".")
    digits = (whole_part + fraction).lstrip("0")
    point = len(whole_part) + int(exponent or 0) - (len(whole_part + fraction) - len(digits))
    digits = digits.rstrip("0")
    if point > 0:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if point > -6:
        return f"{sign}0.{'0' * -point}{digits}"
    return f"{sign}{digits[0]}{'.' if len(digits) > 1 else ''}{digits[1:]}e-{1 - point}"

# Shapes
def text(pattern, longest=MAX_BUNDLE_BYTES):
    compiled, units = re.compile(pattern, re.S), lambda value: len(value.encode("utf-16-le", "surrogatepass")) // 2
    return lambda value: isinstance(value, str) and units(value) <= longest and compiled.fullmatch(value) is not None

def whole(low, high=MAX_SAFE):
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high

one_of = lambda *choices: lambda value: any(type(value) is type(choice) and value == choice for choice in choices)
nullable = lambda check: lambda value: value is None or check(value)
items = lambda check, low, high: lambda value: type(value) is list and low <= len(value) <= high and all(map(check, value))
mapping = lambda key, check: lambda value: isinstance(value, dict) and all(key(k) and check(v) for k, v in value.items())
an_object = lambda value: isinstance(value, dict)

def members(optional=(), **checks):
    def check(value):
        if not isinstance(value, dict) or not set(checks) - set(optional) <= set(value) <= set(checks):
            return False
        return all(checks[name](value[name]) for name in value)
    return check

DIGEST = text(r"sha256:[0-9a-f]{64}")
SCOPE = text(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
NAME = text(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
TIME = text(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z")
BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
KINDS = one_of(*"""intent_received verdict_resolved approval_requested approval_decided target_validated execution_authorized
    execution_completed stream_closed policy_activated switch_changed key_rotated checkpoint_witnessed event_ingested payload_erased
    approval_revoked standing_grant_used ambiguity_resolved attempt_refused standing_grant_changed action_observed""".split())
RECORD = members(
    schema=one_of("exoarmur.record/1"), tenant=SCOPE, cell=SCOPE, correlation=NAME, stream=NAME,
    seq=whole(0, 1_000_000), prev=nullable(DIGEST), kind=KINDS, time=TIME,
    actor=members(type=one_of("agent", "human", "service", "boundary"), id=NAME), trace=nullable(NAME),
    payload=members(digest=DIGEST, size=whole(2, 4_194_304)))
ENVELOPE = members(
    payload=text(BASE64), payloadType=text(r"[\x21-\x7e]{1,255}"),
    signatures=items(members(keyid=text("[0-9a-f]{8}"), sig=text(BASE64)), 1, 64))
POLICY_SET = members(
    schema=one_of("exoarmur.policy-set/1"), language=one_of("cedar"), cedar_schema=text(".*", 262_144),
    policies=mapping(text(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"), text(".*", 65_536)))
PROOF = members(index=whole(0), path=items(text(f"(?=.{{44}}$){BASE64}"), 0, 63))
BUNDLE = members(
    optional=("artifacts",), media_type=one_of("application/vnd.exoarmur.proof-bundle.v3+json"), statement=ENVELOPE,
    records=items(RECORD, 2, 10_000), policies=mapping(DIGEST, POLICY_SET), artifacts=an_object,
    payloads=mapping(DIGEST, members(salt=text(f"(?=.{{24}}$){BASE64}"), value=an_object)),
    log=members(checkpoint=text(".*", 65_536), proofs=items(PROOF, 2, 10_000), vkeys=items(text(".*", 512), 1, 8)))
STATEMENT = members(
    _type=one_of("https://in-toto.io/Statement/v1"), predicateType=one_of("urn:exoarmur:predicate:governed-action:1"),
    subject=items(members(name=NAME, digest=members(sha256=text("[0-9a-f]{64}"))), 1, 1),
    predicate=members(
        optional=("resolution",), schema=one_of("exoarmur.governed-action/1"), tenant=NAME, cell=NAME, stream=NAME,
        resolution=one_of("happened", "did_not_happen", "cannot_be_known"),
        final_verdict=one_of("deny", "require_approval", "require_quorum", "require_human", "allow"), head=DIGEST,
        outcome=one_of("succeeded", "failed", "ambiguous", None), record_count=whole(2), policy_digest=DIGEST, engine_digest=DIGEST,
        governance_evidence_digest=nullable(DIGEST), checkpoint=members(origin=text(".+", 255), size=whole(1), root=DIGEST)))

# Hashes and signatures
sha256 = lambda data: hashlib.sha256(data).digest()
digest_text = lambda data: "sha256:" + data.hex()
digest = lambda domain, value: digest_text(sha256(domain.encode() + b"\0" + canonical(value)))
node = lambda left, right: sha256(b"\x01" + left + right)

def unbase64(encoded, code="base64_malformed"):
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(code) from error
    demand(code, base64.b64encode(data).decode() == encoded)
    return data

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P

def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result

def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P

is_same = lambda p, q: (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0
is_small = lambda p: is_same(multiply(8, p), (0, 1, 1, 0))
BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))

def verify_ed25519(key, message, signature):
    """RFC 8032 without the cofactor; A and R canonical and not of small order, S below the group order."""
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r, s = decompress(key), decompress(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or is_small(a) or is_small(r):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return is_same(multiply(s, BASE), add(r, multiply(k, a)))

def read_vkey(encoded):
    name, _, rest = encoded.partition("+")
    key_id, _, body = rest.partition("+")
    data = unbase64(body, "vkey_malformed")
    demand("vkey_malformed", is_key_name(name) and len(data) == 33 and data[0] in (1, 4))
    demand("vkey_malformed", sha256(name.encode() + b"\n" + data)[:4].hex() == key_id)
    return {"name": name, "id": key_id, "type": data[0], "key": data[1:]}

is_key_name = lambda name: 0 < len(name.encode()) <= 255 and not re.search(r"[\s+\x00-\x1f\x85\ufeff]", name)

def read_note(note):
    split = note.rfind("\n\n")
    demand("checkpoint_malformed", split >= 0 and note.endswith("\n") and not re.search(r"[\x00-\x09\x0b-\x1f]", note))
    lines = []
    for line in note[split + 2:-1].split("\n"):
        match = re.fullmatch(r"\u2014 ([^ ]+) ([A-Za-z0-9+/=]+)", line)
        data = unbase64(match[2], "checkpoint_malformed") if match else b""
        demand("checkpoint_malformed", len(data) >= 5 and is_key_name(match[1]))
        lines.append({"name": match[1], "id": data[:4].hex(), "signature": data[4:]})
    body = note[:split + 1]
    parts = body[:-1].split("\n")
    is_body = len(lines) <= 100 and len(parts) >= 3 and "" not in parts
    demand("checkpoint_malformed", is_body and re.fullmatch(r"0|[1-9][0-9]{0,15}", parts[1]))
    root = unbase64(parts[2], "checkpoint_malformed")
    demand("checkpoint_malformed", len(root) == 32 and int(parts[1]) <= MAX_SAFE)
    return {"text": body, "lines": lines, "origin": parts[0], "size": int(parts[1]), "root": root}

def verify_line(key, line, body):
    if key["type"] == 1:
        return verify_ed25519(key["key"], body.encode(), line["signature"])
    time, signature = int.from_bytes(line["signature"][:8], "big"), line["signature"][8:]
    return time <= MAX_SAFE and verify_ed25519(key["key"], f"cosignature/v1\ntime {time}\n{body}".encode(), signature)

speaks = lambda key, line: key["name"] == line["name"] and key["id"] == line["id"]

def verify_checkpoint(note, keys):
    pairs = [(key, line) for line in note["lines"] for key in keys if speaks(key, line)]
    is_log = any(key["name"] == note["origin"] and key["type"] == 1 for key, _ in pairs)
    return is_log and all(verify_line(key, line, note["text"]) for key, line in pairs)

def verify_statement(envelope, key, signature):
    kind, payload = envelope["payloadType"].encode(), unbase64(envelope["payload"])
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    return signature["keyid"] == key["id"] and verify_ed25519(key["key"], message, unbase64(signature["sig"]))

# Checks
def read_bundle(data):
    demand("bundle_too_large", len(data) <= MAX_BUNDLE_BYTES)
    demand("final_newline_missing", data.endswith(b"\n"))
    bundle = parse_canonical(data[:-1])
    demand("shape_invalid", BUNDLE(bundle))
    records, log, envelope = bundle["records"], bundle["log"], bundle["statement"]
    demand("proof_count_mismatch", len(records) == len(log["proofs"]))
    for payload in bundle["payloads"].values():
        payload["salt"] = unbase64(payload["salt"])
    for proof in log["proofs"]:
        proof["path"] = [unbase64(step) for step in proof["path"]]
    for signature in envelope["signatures"]:
        unbase64(signature["sig"])
    statement = parse_canonical(unbase64(envelope["payload"]))
    demand("statement_malformed", STATEMENT(statement) and envelope["payloadType"] == "application/vnd.in-toto+json")
    note, keys = read_note(log["checkpoint"]), [read_vkey(vkey) for vkey in log["vkeys"]]
    demand("vkey_duplicate", len({key["key"] for key in keys}) == len(keys))
    demand("payload_unreferenced", set(bundle["payloads"]) <= {record["payload"]["digest"] for record in records})
    decisions = [payload_of(bundle, record) or {} for record in records if record["kind"] == "verdict_resolved"]
    named = {as_text(decision.get("policy_digest")) for decision in decisions}
    demand("policy_unreferenced", set(bundle["policies"]) <= named | {statement["predicate"]["policy_digest"]})
    has_line = all(any(speaks(key, line) for line in note["lines"]) for key in keys)
    demand("vkey_unreferenced", has_line and sum(key["type"] == 1 for key in keys) <= 1)
    return bundle, statement, note, keys

as_text = lambda value: value if isinstance(value, str) else None
payload_of = lambda bundle, record: bundle["payloads"].get(record["payload"]["digest"], {}).get("value")

def includes(leaf, index, path, note):
    first, last, root = index, note["size"] - 1, leaf
    if index > last:
        return False
    for step in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            root = node(step, root)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            root = node(root, step)
        first, last = first >> 1, last >> 1
    return last == 0 and root == note["root"]

def check_integrity(bundle, statement, note, keys):
    records, predicate, envelope = bundle["records"], statement["predicate"], bundle["statement"]
    leaves = [sha256(b"\0" + canonical(record)) for record in records]
    previous = -1
    for seq, record in enumerate(records):
        disclosed, proof = bundle["payloads"].get(record["payload"]["digest"]), bundle["log"]["proofs"][seq]
        if disclosed:
            body = canonical(disclosed["value"])
            commitment = digest_text(sha256(b"exoarmur.payload/1\0" + disclosed["salt"] + body))
            yield "payload_commitment_mismatch", commitment == record["payload"]["digest"]
            yield "payload_size_mismatch", len(body) == record["payload"]["size"]
        yield "chain_broken", record["prev"] == (digest_text(leaves[seq - 1]) if seq else None)
        yield "proof_order", proof["index"] > previous
        yield "inclusion_failed", includes(leaves[seq], proof["index"], proof["path"], note)
        previous = proof["index"]
    for name, policy_set in bundle["policies"].items():
        yield "policy_digest_mismatch", digest("exoarmur.policy-set/1", policy_set) == name
    artifacts = digest("exoarmur.artifacts/1", bundle["artifacts"]) if "artifacts" in bundle else None
    yield "artifacts_digest_mismatch", artifacts == predicate["governance_evidence_digest"]
    lines = [(line["name"], line["id"]) for line in note["lines"]]
    yield "checkpoint_signature_unknown", all(any(speaks(key, line) for key in keys) for line in note["lines"])
    yield "checkpoint_signature_duplicate", len(set(lines)) == len(lines)
    yield "checkpoint_signature_invalid", verify_checkpoint(note, keys)
    signing, ids = [key for key in keys if key["type"] == 1], [s["keyid"] for s in envelope["signatures"]]
    yield "statement_signature_duplicate", len(set(ids)) == len(ids)
    for signature in envelope["signatures"]:
        yield "statement_signature_invalid", any(verify_statement(envelope, key, signature) for key in signing)
    yield "origin_mismatch", all(key["name"] == note["origin"] for key in signing)
    yield "origin_mismatch", note["origin"].endswith("/" + records[0]["tenant"])
    for name in ("tenant", "cell", "stream"):
        yield "statement_scope_mismatch", predicate[name] == records[0][name]
    yield "statement_head_mismatch", predicate["head"] == digest_text(leaves[-1])
    head = {"origin": note["origin"], "size": note["size"], "root": digest_text(note["root"])}
    yield "statement_checkpoint_mismatch", predicate["checkpoint"] == head
    yield from check_claims(bundle, statement)

def check_claims(bundle, statement):
    records, predicate, subject = bundle["records"], statement["predicate"], statement["subject"][0]
    yield "statement_subject_mismatch", subject["name"] == records[0]["stream"]
    for record in records:
        payload = payload_of(bundle, record)
        stated = (payload or {}).get("intent_digest")
        if payload is not None and record["kind"] == "intent_received":
            stated = digest("exoarmur.intent/1", payload)
        if isinstance(stated, str):
            yield "statement_subject_mismatch", stated == "sha256:" + subject["digest"]["sha256"]
            break
    last = {record["kind"]: payload_of(bundle, record) for record in records}
    closed, decision = last.get("stream_closed"), last.get("verdict_resolved")
    if closed is not None:
        yield "statement_verdict_mismatch", as_text(closed.get("final_verdict")) == predicate["final_verdict"]
        yield "statement_outcome_mismatch", as_text(closed.get("outcome")) == predicate["outcome"]
    if (resolved := last.get("ambiguity_resolved", {})) is not None:
        yield "statement_resolution_mismatch", as_text(resolved.get("finding")) == predicate.get("resolution")
    if decision is not None:
        engine = decision.get("engine")
        yield "statement_policy_mismatch", as_text(decision.get("policy_digest")) == predicate["policy_digest"]
        yield "statement_engine_mismatch", isinstance(engine, dict) and engine.get("digest") == predicate["engine_digest"]

def check_signer(bundle, note, trusted):
    def vouches(key):
        signatures = bundle["statement"]["signatures"]
        return verify_checkpoint(note, [key]) and any(verify_statement(bundle["statement"], key, s) for s in signatures)
    yield "signer_untrusted", any(vouches(key) for key in trusted if key["name"] == note["origin"])

def check_completeness(bundle, statement):
    records = bundle["records"]
    end = len(records) - 1 - ([record["kind"] for record in records[-2:]] == ["stream_closed", "ambiguity_resolved"])
    for seq, record in enumerate(records):
        yield "seq_gap", record["seq"] == seq
        yield "stream_mixed", all(record[name] == records[0][name] for name in ("tenant", "cell", "correlation", "stream"))
        yield "stream_not_closed", (record["kind"] == "stream_closed") == (seq == end)
    yield "record_count_mismatch", statement["predicate"]["record_count"] == len(records)
    count = (payload_of(bundle, records[end]) or {}).get("record_count") if records[end]["kind"] == "stream_closed" else None
    yield "record_count_mismatch", not isinstance(count, (int, float)) or isinstance(count, bool) or count == end + 1

def verify(data, trust=None):
    lines = [] if trust is None else [line.split() for line in trust.split("\n") if line.startswith("log ")]
    trusted = None if trust is None else [read_vkey(words[1]) for words in lines]
    try:
        bundle, statement, note, keys = read_bundle(data)
    except Refused as refusal:
        checks = {"structure": [str(refusal)], "integrity": None, "signer": None, "completeness": None}
    else:
        failed = lambda results: sorted({code for code, is_good in results if not is_good})
        checks = {"structure": [], "integrity": failed(check_integrity(bundle, statement, note, keys))}
        checks["signer"] = None if trusted is None else failed(check_signer(bundle, note, trusted))
        checks["completeness"] = failed(check_completeness(bundle, statement))
    status = {name: "open" if codes is None else "failed" if codes else "passed" for name, codes in checks.items()}
    needed = [name for name in status if name != "signer" or trusted is not None]
    return {"verdict": "PASS" if all(status[name] == "passed" for name in needed) else "FAIL", "checks": status,
            "codes": sorted(code for codes in checks.values() for code in codes or [])}

def main(arguments):
    if arguments == ["--lines"]:
        for line in sys.stdin:
            task = json.loads(line)
            print(json.dumps(verify(base64.b64decode(task["bundle"]), task["trust"])), flush=True)
        return 0
    try:
        data = [open(path, "rb").read() for path in arguments]
        report = verify(data[0], data[1].decode() if len(data) > 1 else None)
    except (IndexError, OSError, UnicodeDecodeError, Refused) as error:
        print(f"verify_bundle: {error}", file=sys.stderr)
        return 2
    print(json.dumps(report, indent=1))
    return 0 if report["verdict"] == "PASS" else 1

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
