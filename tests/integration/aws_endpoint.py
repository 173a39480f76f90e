"""A stand-in for CodePipeline, STS and the credential endpoints of containers and instances.

Every signature is recomputed with botocore's signer, every request is checked against botocore's service model.
What does not hold is answered as AWS would and noted in `problems`, so that a test can ask for none."""
import datetime
import http.server
import json
import re
import socket
import struct
import threading
import time
import urllib.parse
import uuid

try:
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials
    import botocore.loaders
    import botocore.model
    import botocore.validate
except ImportError:  # Debian: python3-botocore
    botocore = None

# What Debian 12's botocore does not know yet: parameters of V2 pipelines.
NEWER_SHAPES = {
    "PipelineVariableList": {"type": "list", "member": {"shape": "PipelineVariable"}, "max": 50, "min": 1},
    "PipelineVariable": {"type": "structure", "required": ["name", "value"], "members": {
        "name": {"shape": "PipelineVariableName"}, "value": {"shape": "PipelineVariableValue"}}},
    "PipelineVariableName": {"type": "string", "max": 128, "min": 1, "pattern": r"[A-Za-z0-9@\-_]+"},
    "PipelineVariableValue": {"type": "string", "max": 1000, "min": 1, "pattern": ".*"},
    "SourceRevisionOverrideList": {"type": "list", "member": {"shape": "SourceRevisionOverride"}, "max": 50, "min": 0},
    "SourceRevisionOverride": {"type": "structure", "required": ["actionName", "revisionType", "revisionValue"],
                               "members": {"actionName": {"shape": "ActionName"},
                                           "revisionType": {"shape": "SourceRevisionType"},
                                           "revisionValue": {"shape": "Revision"}}},
    "SourceRevisionType": {"type": "string", "enum": ["COMMIT_ID", "IMAGE_DIGEST", "S3_OBJECT_VERSION_ID",
                                                      "S3_OBJECT_KEY"]},
}
NEWER_MEMBERS = {"variables": {"shape": "PipelineVariableList"},
                 "sourceRevisions": {"shape": "SourceRevisionOverrideList"}}
MUST_SIGN = {"host", "content-type", "x-amz-date", "x-amz-target"}
CLOCK_TOLERANCE = 300


def load_model():
    data = botocore.loaders.Loader().load_service_model("codepipeline", "service-2")
    for name, shape in NEWER_SHAPES.items():
        data["shapes"].setdefault(name, shape)
    for name, member in NEWER_MEMBERS.items():
        data["shapes"]["StartPipelineExecutionInput"]["members"].setdefault(name, member)
    return botocore.model.ServiceModel(data)


def pattern_faults(shape, value, where):
    """What botocore's own validator leaves to the service: patterns and enumerations."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if name in value:
                yield from pattern_faults(member, value[name], f"{where}.{name}")
    elif shape.type_name == "list":
        for i, member in enumerate(value):
            yield from pattern_faults(shape.member, member, f"{where}[{i}]")
    elif shape.type_name == "string":
        pattern, words = shape.metadata.get("pattern"), shape.metadata.get("enum")
        if pattern and not re.fullmatch(pattern, value, re.DOTALL):
            yield f"{where}: {value!r} does not match {pattern}"
        if words and value not in words:
            yield f"{where}: {value!r} is none of {words}"


class Refused(Exception):
    """An error as AWS answers it."""

    def __init__(self, code, message, status=400, headers=None):
        super().__init__(message)
        self.code, self.status, self.headers = code, status, headers or {}


class Pipelines:
    """CodePipeline in memory: executions newest first, idempotent by token where that is on."""

    def __init__(self):
        self.names = {}  # (region, name) -> list of executions, oldest first
        self.tokens = {}
        self.remembers_tokens = True
        self.start_time = time.time
        self.ends_as = "Succeeded"
        self.polls_until_end = 1
        self.hidden_polls = 0  # how often an execution is not found after its start

    def add(self, region, name):
        self.names[(region, name)] = []

    def of(self, region, name):
        if (region, name) not in self.names:
            raise Refused("PipelineNotFoundException",
                          f"Account '123456789012' does not have a pipeline with name '{name}'")
        return self.names[(region, name)]

    def all(self):
        return [execution for executions in self.names.values() for execution in executions]

    def start(self, region, body):
        executions = self.of(region, body["name"])
        token = (region, body["name"], body.get("clientRequestToken"))
        if self.remembers_tokens and token in self.tokens:
            return {"pipelineExecutionId": self.tokens[token]}
        execution = {"id": str(uuid.uuid4()), "token": body.get("clientRequestToken"), "region": region,
                     "variables": body.get("variables", []), "revisions": body.get("sourceRevisions", []),
                     "status": "InProgress", "polls": 0, "start": self.start_time()}
        executions.append(execution)
        self.tokens[token] = execution["id"]
        return {"pipelineExecutionId": execution["id"]}

    def find(self, region, body):
        for execution in self.of(region, body["pipelineName"]):
            if execution["id"] == body["pipelineExecutionId"]:
                return execution
        raise Refused("PipelineExecutionNotFoundException", "The specified execution does not exist.")

    def get(self, region, body):
        execution = self.find(region, body)
        execution["polls"] += 1
        if execution["polls"] <= self.hidden_polls:
            raise Refused("PipelineExecutionNotFoundException", "The specified execution does not exist.")
        if execution["status"] == "Stopping":
            execution["status"] = "Stopped"
        elif execution["status"] == "InProgress" and execution["polls"] - self.hidden_polls >= self.polls_until_end:
            execution["status"] = self.ends_as
        return {"pipelineExecution": {
            "pipelineName": body["pipelineName"], "pipelineVersion": 1, "pipelineExecutionId": execution["id"],
            "status": execution["status"], "statusSummary": f"summary of {execution['status']}",
            "variables": [{"name": v["name"], "resolvedValue": v["value"]} for v in execution["variables"]]}}

    def list(self, region, body):
        executions = self.of(region, body["pipelineName"])[::-1]
        begin, count = int(body.get("nextToken", "0")), body.get("maxResults", 100)
        answer = {"pipelineExecutionSummaries": [
            {"pipelineExecutionId": e["id"], "status": e["status"], "startTime": e["start"],
             "trigger": {"triggerType": e.get("trigger", "StartPipelineExecution"), "triggerDetail": "arn:aws:iam::1:x"}}
            for e in executions[begin:begin + count]]}
        if begin + count < len(executions):
            answer["nextToken"] = str(begin + count)
        return answer

    def stop(self, region, body):
        execution = self.find(region, body)
        if execution["status"] == "Stopping":
            raise Refused("DuplicatedStopRequestException", "The pipeline execution is already in a Stopping state.")
        if execution["status"] != "InProgress":
            raise Refused("PipelineExecutionNotStoppableException", "Unable to stop the pipeline execution.")
        execution["status"] = "Stopping"
        return {"pipelineExecutionId": execution["id"]}

    def operations(self):
        return {"StartPipelineExecution": self.start, "GetPipelineExecution": self.get,
                "ListPipelineExecutions": self.list, "StopPipelineExecution": self.stop}


class Credentials:
    """What STS, containers and instances hand out, one set after the other, and what holds."""

    def __init__(self):
        self.valid = {}  # access key -> {secret, token, expired}
        self.lifetime = 3600
        self.issued = []
        self.requests = []  # (source, headers or form)
        self.sts_as_json = False
        self.faults = {}  # source -> (status, body) or "reset", or a list of these: one for each request
        self.web_token = None
        self.container_token = None
        self.imds_token = "imds-session-canary-" + uuid.uuid4().hex
        self.role = "runner-role"
        self.now = time.time

    def allow(self, key, secret, token=None):
        self.valid[key] = {"secret": secret, "token": token, "expired": False}

    def issue(self, source):
        n = len(self.issued)
        one = {"AccessKeyId": f"ASIAISSUED{n:08d}", "SecretAccessKey": "canary-secret/" + uuid.uuid4().hex,
               "Token": "canary-token+/" + uuid.uuid4().hex * 8 + "==", "source": source}
        self.issued.append(one)
        self.allow(one["AccessKeyId"], one["SecretAccessKey"], one["Token"])
        return one

    def expiration(self):
        end = datetime.datetime.fromtimestamp(self.now() + self.lifetime, datetime.timezone.utc)
        return end.strftime("%Y-%m-%dT%H:%M:%SZ")

    def document(self, source):
        one = self.issue(source)
        return {"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z",
                "AccessKeyId": one["AccessKeyId"], "SecretAccessKey": one["SecretAccessKey"], "Token": one["Token"],
                "Expiration": self.expiration()}

    def sts_answer(self):
        one = self.issue("sts")
        if self.sts_as_json:
            return "application/json", json.dumps({"AssumeRoleWithWebIdentityResponse": {
                "AssumeRoleWithWebIdentityResult": {"Credentials": {
                    "AccessKeyId": one["AccessKeyId"], "SecretAccessKey": one["SecretAccessKey"],
                    "SessionToken": one["Token"], "Expiration": self.now() + self.lifetime}}}})
        return "text/xml", f"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{one["AccessKeyId"]}</AccessKeyId>
    <SecretAccessKey>{one["SecretAccessKey"]}</SecretAccessKey><SessionToken>{one["Token"]}</SessionToken>
    <Expiration>{self.expiration()}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if "X-Amz-Target" in self.headers:
            self.call()
        else:
            self.sts()

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        credentials = self.server.credentials
        credentials.requests.append(("imds-token", dict(self.headers.items())))
        if self.fault("imds-token"):
            return
        if self.path != "/latest/api/token" or "X-aws-ec2-metadata-token-ttl-seconds" not in self.headers:
            self.send(400, "no")
        else:
            self.send(200, credentials.imds_token, "text/plain")

    def do_GET(self):
        if self.path.startswith("/latest/"):
            self.imds()
        else:
            self.container()

    # ---- credentials ----

    def fault(self, source):
        fault = self.server.credentials.faults.get(source)
        if isinstance(fault, list):
            fault = fault.pop(0) if fault else None
        if fault == "reset":
            self.reset()
        elif fault:
            self.send(*fault)
        return bool(fault)

    def sts(self):
        credentials = self.server.credentials
        form = dict(urllib.parse.parse_qsl(self.body.decode()))
        credentials.requests.append(("sts", form))
        if "Authorization" in self.headers:
            self.server.problems.append("STS was asked with a signature")
        if self.fault("sts"):
            return
        if form.get("Action") != "AssumeRoleWithWebIdentity" or form.get("Version") != "2011-06-15":
            self.server.problems.append(f"STS was asked for {form.get('Action')}")
        if form.get("WebIdentityToken") != credentials.web_token:
            self.send(400, "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code><Message>"
                           f"{form.get('WebIdentityToken')}</Message></Error></ErrorResponse>", "text/xml")
            return
        kind, text = credentials.sts_answer()
        self.send(200, text, kind)

    def container(self):
        credentials = self.server.credentials
        credentials.requests.append(("container", dict(self.headers.items())))
        if self.fault("container"):
            return
        if credentials.container_token and self.headers.get("Authorization") != credentials.container_token:
            self.send(401, json.dumps({"code": "AccessDenied", "message": self.headers.get("Authorization")}))
        else:
            self.send(200, json.dumps(credentials.document("container")))

    def imds(self):
        credentials = self.server.credentials
        base = "/latest/meta-data/iam/security-credentials/"
        credentials.requests.append(("imds", dict(self.headers.items())))
        if self.headers.get("X-aws-ec2-metadata-token") != credentials.imds_token:
            self.send(401, "no session")
        elif self.path == base:
            if self.fault("imds-role"):
                return
            self.send(200, credentials.role + "\n", "text/plain")
        elif self.fault("imds"):
            return
        elif self.path == base + credentials.role:
            self.send(200, json.dumps(credentials.document("imds")))
        else:
            self.send(404, "no such path")

    # ---- signed calls ----

    def signed_with(self):
        """The key and the region that it was signed with; Refused where the signature does not hold."""
        found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([a-z0-9-]+)/([a-z]+)/aws4_request, ?"
                             r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})",
                             self.headers.get("Authorization", ""))
        if not found:
            raise Refused("MissingAuthenticationTokenException", "Missing Authentication Token")
        key, _, region, service, names, signature = found.groups()
        known = self.server.credentials.valid.get(key)
        if not known:
            raise Refused("UnrecognizedClientException", "The security token included in the request is invalid.")
        names = set(names.split(";"))
        must = MUST_SIGN | {name.lower() for name in self.headers if name.lower().startswith("x-amz-")}
        if must - names:
            raise Refused("IncompleteSignatureException", f"not signed: {must - names}")
        request = botocore.awsrequest.AWSRequest(
            method="POST", url=f"http://{self.headers['Host']}{self.path}", data=self.body,
            headers={name: value for name, value in self.headers.items() if name.lower() in names})
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(key, known["secret"]), service, region)
        canonical = signer.canonical_request(request)
        if signer.signature(signer.string_to_sign(request, canonical), request) != signature:
            raise Refused("InvalidSignatureException", "The request signature we calculated does not match. The "
                          f"Canonical String for this request should have been\n'{canonical}'")
        self.look_at_time()
        if (self.headers.get("X-Amz-Security-Token") or None) != known["token"]:
            raise Refused("UnrecognizedClientException", "The security token included in the request is invalid.")
        if known["expired"]:
            raise Refused("ExpiredTokenException", "The security token included in the request is expired")
        return key, region, service

    def look_at_time(self):
        sent = datetime.datetime.strptime(self.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
        sent = sent.replace(tzinfo=datetime.timezone.utc).timestamp()
        now = self.server.now()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        if sent < now - CLOCK_TOLERANCE:
            raise Refused("InvalidSignatureException", f"Signature expired: {self.headers['X-Amz-Date']} is now "
                          f"earlier than {stamp} ({stamp} - 5 min.)")
        if sent > now + CLOCK_TOLERANCE:
            raise Refused("InvalidSignatureException", f"Signature not yet current: {self.headers['X-Amz-Date']} is "
                          f"still later than {stamp} ({stamp} + 5 min.)")

    def checked(self, operation):
        model = self.server.model
        body = json.loads(self.body)
        shape = model.operation_model(operation).input_shape
        report = botocore.validate.ParamValidator().validate(body, shape)
        faults = list(pattern_faults(shape, body, operation))
        if report.has_errors() or faults:
            raise Refused("ValidationException", f"{report.generate_report()} {faults}")
        return body

    def call(self):
        server = self.server
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        try:
            key, region, service = self.signed_with()
        except Refused as refused:
            expected = ("ExpiredTokenException",) if server.clock_offset == 0 else ("InvalidSignatureException",)
            if refused.code not in expected + tuple(server.expected_refusals):
                server.problems.append(f"{operation}: {refused.code}: {str(refused)[:300]}")
            self.refuse(refused)
            return
        with server.lock:
            self.perform(operation, key, region, service)

    def perform(self, operation, key, region, service):
        server = self.server
        try:
            if service != "codepipeline" or self.headers["X-Amz-Target"] != f"CodePipeline_20150709.{operation}":
                raise Refused("UnknownOperationException", "")
            try:
                body = self.checked(operation)
            except Refused as refused:
                server.problems.append(f"{operation}: {str(refused)[:500]}")
                raise
            server.calls.append((operation, region, body, key))
            fault = server.fault(operation, body, region) if server.fault else None
            if fault == "drop":
                self.reset()
                return
            if fault == "delay":
                time.sleep(server.delay)
            if isinstance(fault, Refused):
                raise fault
            if isinstance(fault, dict):
                self.send(200, json.dumps(fault), "application/x-amz-json-1.1")
                return
            answer = server.pipelines.operations()[operation](region, body)
            if fault == "lose":
                self.reset()
            else:
                self.send(200, json.dumps(answer), "application/x-amz-json-1.1")
        except Refused as refused:
            self.refuse(refused)

    # ---- answers ----

    def refuse(self, refused):
        text = json.dumps({"__type": refused.code, "message": str(refused)})
        self.send(refused.status, text, "application/x-amz-json-1.1", refused.headers)

    def send(self, status, text, kind="application/json", headers=None):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp=None):
        return super().date_time_string(self.server.now() if timestamp is None else timestamp)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass

    def log_message(self, *_):
        pass


class AwsEndpoint(http.server.ThreadingHTTPServer):
    """with AwsEndpoint() as aws: aws.pipelines.add("eu-west-2", "app"); … aws.url

    fault(operation, body, region) says what goes wrong with a call: None, "drop" (nothing is done), "lose" (done, but
    no answer), "delay" (by `delay` seconds), an instance of Refused, or the answer itself as a dict."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.model = load_model()
        self.pipelines = Pipelines()
        self.credentials = Credentials()
        self.calls, self.problems = [], []
        self.fault, self.delay = None, 0
        self.clock_offset = 0
        self.expected_refusals = []
        self.lock = threading.Lock()

    def now(self):
        return time.time() + self.clock_offset

    def environment(self, key="AKIDEXAMPLE00000000", secret="canary-secret/of+the/environment"):
        """Variables with which the program signs for this endpoint, and nothing of the caller's own."""
        self.credentials.allow(key, secret)
        return {**self.nothing(), "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}

    def nothing(self):
        return {"AWS_ENDPOINT_URL": self.url, "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"}

    def handle_error(self, request, client_address):
        pass  # clients that hang up are part of the tests

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()
