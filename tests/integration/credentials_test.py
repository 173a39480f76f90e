"""Where AWS credentials come from, how they are renewed, and that they are shown nowhere."""
import calendar
import glob
import os
import time

from aws_endpoint import Refused
from aws_material import endpoint, ended, only_row, pipeline, prepare, replay
from program import equal, main

ONCE = ['schedule: "0 1 2 1 *"']
END = "2026-01-02T02:30:00Z"
SECRET = "canary-secret/of+the/shared+file"


def none_wrong(aws):
    equal(aws.problems, [], "what the endpoint refused")


def run(program, aws, env, status=0, trigger="{plugin: codepipeline, pipeline: app}", more=ONCE, end=END):
    aws.pipelines.names.setdefault(("eu-west-2", "app"), [])
    prepare(program, pipeline(trigger=trigger, more=more))
    return replay(program, end, env, status=status)


def succeeds(program, aws, env, key=None, **more):
    run(program, aws, env, **more)
    none_wrong(aws)
    equal({row["status"] for row in ended(program)}, {"SUCCESS"})
    if key:
        equal({call[3] for call in aws.calls}, {key}, "the key that signed")


def fails(program, aws, env, words, status="FAILED", **more):
    run(program, aws, env, status=1, **more)
    none_wrong(aws)
    row = only_row(program)
    equal(row["status"], status, row)
    equal(words in row["message"], True, f"{words}: {row['message']}")
    return row


def fresh(program):
    return type(program)(program.binary)


def virtual(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def the_environment_first(program):
    with endpoint() as aws:
        env = aws.environment()
        env["AWS_SHARED_CREDENTIALS_FILE"] = program.write("unused", "[default]\naws_access_key_id=AKIAOTHER\n")
        succeeds(program, aws, env, "AKIDEXAMPLE00000000")
    with endpoint() as aws:
        aws.credentials.allow("ASIATEMP", "temporary/secret", "token/of+a=session")
        env = {**aws.nothing(), "AWS_ACCESS_KEY_ID": "ASIATEMP", "AWS_SECRET_ACCESS_KEY": "temporary/secret",
               "AWS_SESSION_TOKEN": "token/of+a=session"}
        succeeds(fresh(program), aws, env, "ASIATEMP")


def shared_files_by_profile(program):
    credentials = f"""# comment
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = {SECRET}1
[other]
aws_access_key_id=AKIAOTHER
aws_secret_access_key={SECRET}2
"""
    config = f"""[profile  deploy]
region = eu-north-1
s3 =
  max_concurrent_requests = 20
aws_access_key_id = AKIADEPLOY
aws_secret_access_key = {SECRET}3
aws_session_token = {SECRET}4
[profile outside]
credential_process = /bin/false
"""
    def files(folder, env):
        env["AWS_SHARED_CREDENTIALS_FILE"] = folder.write("credentials", credentials)
        env["AWS_CONFIG_FILE"] = folder.write("config", config)
        return env

    named = "{{plugin: codepipeline, pipeline: app, profile: {}}}"
    cases = [("AKIADEFAULT", {}, None), ("AKIAOTHER", {"AWS_PROFILE": "other"}, None),
             ("AKIADEPLOY", {"AWS_PROFILE": "deploy"}, None), ("AKIAOTHER", {}, "other"),
             ("AKIAOTHER", {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "x"}, "other")]
    for key, variables, profile in cases:
        with endpoint() as aws:
            folder = fresh(program)
            aws.credentials.allow("AKIADEFAULT", SECRET + "1")
            aws.credentials.allow("AKIAOTHER", SECRET + "2")
            aws.credentials.allow("AKIADEPLOY", SECRET + "3", SECRET + "4")
            more = {"trigger": named.format(profile)} if profile else {}
            succeeds(folder, aws, {**files(folder, aws.nothing()), **variables}, key, **more)
    for profile, words in (("missing", "no profile missing"), ("outside", "credential_process, which is not supported")):
        with endpoint() as aws:
            folder = fresh(program)
            fails(folder, aws, files(folder, aws.nothing()), words, trigger=named.format(profile))
            equal(aws.calls, [])


def a_profile_that_gets_keys_elsewhere_does_not_sign_with_its_own(program):
    """Both files count as one, in botocore's order: role, web identity, SSO, keys of the credentials file, process,
    keys of the config file."""
    keys = f"aws_access_key_id = AKIABASE\naws_secret_access_key = {SECRET}\n"
    role = "role_arn = arn:aws:iam::123456789012:role/ci\nsource_profile = deploy\n"
    sso = "sso_session = work\nsso_account_id = 123456789012\nsso_role_name = ci\n"
    process = "credential_process = /bin/false\n"
    web = "role_arn = arn:aws:iam::123456789012:role/ci\nweb_identity_token_file = {}\n"
    none = "which is not supported"
    cases = [(keys, role, "by role_arn, " + none), ("", keys + role, "by role_arn, " + none),
             (keys + role, "", "by role_arn, " + none), (keys, sso, "by sso_account_id, " + none),
             (keys, process, None), ("", keys + process, "by credential_process, " + none),
             (process, keys, "by credential_process, " + none), (keys + web, "", "STS"), (keys, web, "STS")]
    for credentials, config, words in cases:
        with endpoint() as aws:
            folder = fresh(program)
            aws.credentials.now = lambda: virtual("2026-01-02T01:00:00Z")
            aws.credentials.allow("AKIABASE", SECRET)
            aws.credentials.web_token = "canary.web.identity"
            token = folder.write("web-token", "canary.web.identity")
            env = {**aws.nothing(), "AWS_PROFILE": "deploy",
                   "AWS_SHARED_CREDENTIALS_FILE": folder.write("credentials", "[deploy]\n" + credentials.format(token)),
                   "AWS_CONFIG_FILE": folder.write("config", "[profile deploy]\n" + config.format(token))}
            if words in (None, "STS"):
                succeeds(folder, aws, env, "ASIAISSUED00000000" if words else "AKIABASE")
            else:
                fails(folder, aws, env, words)
                equal(aws.calls, [], "signed with the base keys")
    with endpoint() as aws:
        folder = fresh(program)
        env = {**aws.nothing(), "AWS_CONFIG_FILE": folder.folder,
               "AWS_SHARED_CREDENTIALS_FILE": folder.write("credentials", "[default]\n" + keys)}
        fails(folder, aws, env, "the AWS config file")
        env = {**aws.environment(), "AWS_PROFILE": "deploy", "AWS_CONFIG_FILE": fresh(program).write("config", role)}
        succeeds(fresh(program), aws, env, "AKIDEXAMPLE00000000")


def the_home_folder_holds_the_files(program):
    with endpoint() as aws:
        os.mkdir(program.path(".aws"))
        program.write(".aws/credentials", f"[default]\naws_access_key_id=AKIAHOME\naws_secret_access_key={SECRET}\n")
        aws.credentials.allow("AKIAHOME", SECRET)
        succeeds(program, aws, {**aws.nothing(), "HOME": program.folder}, "AKIAHOME")


def endpoints_of_the_environment_and_the_profile(program):
    config = "[default]\nservices = local\n[services local]\ncodepipeline =\n  endpoint_url = {}\n"
    with endpoint() as aws:
        env = aws.environment()
        env["AWS_ENDPOINT_URL_CODEPIPELINE"] = env["AWS_ENDPOINT_URL"]
        succeeds(fresh(program), aws, {**env, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
        folder = fresh(program)
        env = aws.environment()
        env["AWS_ENDPOINT_URL"] = ""
        succeeds(folder, aws, {**env, "AWS_CONFIG_FILE": folder.write("config", config.format(aws.url))})
        folder = fresh(program)
        in_credentials = folder.write("shared", f"[default]\nendpoint_url = {aws.url}\n")
        succeeds(folder, aws, {**env, "AWS_SHARED_CREDENTIALS_FILE": in_credentials})
        env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
        env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
        succeeds(fresh(program), aws, env, trigger=f"{{plugin: codepipeline, pipeline: app, endpoint: '{aws.url}/'}}")
    with endpoint() as aws:
        done = run(fresh(program), aws, {**aws.environment(), "AWS_ENDPOINT_URL": "ftp://x"}, status=78)
        equal("trigger.endpoint: the endpoint for codepipeline is no http:// or https:// URL" in done.stderr, True,
              done.stderr)
        equal(aws.calls, [])


def _web_identity(program, aws, token="canary.web.identity"):
    aws.credentials.web_token = token
    return {**aws.nothing(), "AWS_WEB_IDENTITY_TOKEN_FILE": program.write("web-token", token + "\n"),
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/zero carb", "AWS_ROLE_SESSION_NAME": "tests@zerocarb"}


def web_identity_in_xml_and_json(program):
    for as_json in (False, True):
        with endpoint() as aws:
            folder = fresh(program)
            aws.credentials.now = lambda: virtual("2026-01-02T01:00:00Z")
            aws.credentials.sts_as_json = as_json
            succeeds(folder, aws, _web_identity(folder, aws), "ASIAISSUED00000000")
            ((source, form),) = aws.credentials.requests
            equal((source, form["RoleArn"], form["RoleSessionName"]),
                  ("sts", "arn:aws:iam::123456789012:role/zero carb", "tests@zerocarb"))


def web_identity_that_fails(program):
    with endpoint() as aws:
        env = _web_identity(program, aws)
        aws.credentials.web_token = "another"
        row = fails(program, aws, env, "no credentials from STS")
        equal("InvalidIdentityToken" in row["message"], True, row["message"])
        equal(aws.calls, [])
    with endpoint() as aws:
        folder = fresh(program)
        env = _web_identity(folder, aws)
        os.remove(folder.path("web-token"))
        fails(folder, aws, env, "does not exist")
    with endpoint() as aws:
        folder = fresh(program)
        env = _web_identity(folder, aws)
        del env["AWS_ROLE_ARN"]
        fails(folder, aws, env, "AWS_ROLE_ARN")


def containers(program):
    with endpoint() as aws:
        aws.credentials.now = lambda: virtual("2026-01-02T01:00:00Z")
        aws.credentials.container_token = "canary-container-token"
        env = {**aws.nothing(), "AWS_CONTAINER_CREDENTIALS_FULL_URI": aws.url + "/v2/credentials/1"}
        file = program.write("token", "canary-container-token\n")
        succeeds(program, aws, {**env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file,
                                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "not this one"}, "ASIAISSUED00000000")
        folder = fresh(program)
        succeeds(folder, aws, {**env, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "canary-container-token"})
        folder = fresh(program)
        aws.calls.clear()
        row = fails(folder, aws, {**env, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "wrong-canary"}, "HTTP 401: AccessDenied")
        equal("wrong-canary" in row["message"], False)
        file = fresh(program).write("token", "canary\r\nX-Evil: 1")
        asked = len(aws.credentials.requests)
        fails(fresh(program), aws, {**env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file}, "line break")
        for url in ("http://10.0.0.1/x", "http://127.0.0.1.example.com/x", "http://169.254.170.2@10.0.0.1/x",
                    "http://2130706433/x", "ftp://127.0.0.1/x", "http://[::2]/x"):
            fails(fresh(program), aws, {**env, "AWS_CONTAINER_CREDENTIALS_FULL_URI": url}, "may be https")
        equal(len(aws.credentials.requests), asked, "none of these was asked")


def instances(program):
    with endpoint() as aws:
        aws.credentials.now = lambda: virtual("2026-01-02T01:00:00Z")
        env = {**aws.nothing(), "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": aws.url + "/"}
        succeeds(program, aws, env, "ASIAISSUED00000000")
        equal([source for source, _ in aws.credentials.requests], ["imds-token", "imds", "imds"])
        aws.credentials.requests.clear()
        aws.credentials.faults["imds-token"] = (403, "forbidden")
        fails(fresh(program), aws, env, "HTTP 403")
        equal({source for source, _ in aws.credentials.requests}, {"imds-token"}, "no fallback to IMDSv1")
        aws.credentials.faults.clear()
        aws.credentials.faults["imds"] = (200, '{"Code": "AssumeRoleUnauthorizedAccess", "Message": "canary"}')
        fails(fresh(program), aws, env, "AssumeRoleUnauthorizedAccess")
        aws.credentials.faults.clear()
        aws.credentials.role = "../../evil"
        fails(fresh(program), aws, env, "names no role")
        fails(fresh(program), aws, aws.nothing(), "AWS_EC2_METADATA_DISABLED")


def _instance(aws):
    return {**aws.nothing(), "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": aws.url}


def instance_metadata_that_is_slow_to_answer(program):
    """Its silence ends no run that has time left, not even the first; where it lasts, the message tells of all sources."""
    faults = [("imds-token", ["reset"] * 5), ("imds-role", ["reset"] * 3), ("imds", ["reset"] * 3)]
    for source, fault in faults:
        with endpoint() as aws:
            aws.credentials.now = lambda: virtual("2026-01-02T01:00:00Z")
            aws.credentials.faults[source] = fault
            succeeds(fresh(program), aws, _instance(aws), "ASIAISSUED00000000")
            equal(aws.credentials.faults[source], [], "all of these were met")
    with endpoint() as aws:
        aws.credentials.faults["imds-token"] = "reset"
        done = run(program, aws, _instance(aws), status=1)
        row = only_row(program)
        equal(row["status"], "FAILED", row)
        equal("no AWS credentials: none in the environment" in row["message"], True, row["message"])
        (first, *_) = [line for line in done.stderr.splitlines() if "not started: " in line]
        equal("no AWS credentials: none in the environment" in first, True, first)


def a_session_that_instance_metadata_forgot(program):
    for source in ("imds-role", "imds"):
        with endpoint() as aws:
            aws.credentials.now = lambda: virtual("2026-01-02T01:00:00Z")
            aws.credentials.faults[source] = [(401, "no session")]
            succeeds(fresh(program), aws, _instance(aws), "ASIAISSUED00000000")
            equal([asked for asked, _ in aws.credentials.requests].count("imds-token"), 2, "a new session")
            equal(len(aws.calls), 2, "one start, one question")
    with endpoint() as aws:
        aws.credentials.faults["imds-role"] = (401, "no session")
        fails(fresh(program), aws, _instance(aws), "HTTP 401")
        equal([asked for asked, _ in aws.credentials.requests].count("imds-token"), 2, "a new session once")


def no_role_for_a_moment(program):
    """404 is an end where no keys came yet; once they have come it may pass."""
    def container(aws):
        return {**aws.nothing(), "AWS_CONTAINER_CREDENTIALS_FULL_URI": aws.url + "/v2/credentials/1"}
    for source, env in (("imds-role", _instance), ("imds", _instance), ("container", container)):
        with endpoint() as aws:
            aws.credentials.faults[source] = [(404, "no role")]
            fails(fresh(program), aws, env(aws), "HTTP 404")
        with endpoint() as aws:
            aws.credentials.lifetime = 0
            aws.credentials.now = lambda aws=aws: virtual("2026-01-01T22:00:00Z") + 4 * 3600 * len(aws.credentials.issued)

            def fault(*_, aws=aws, source=source):
                aws.credentials.faults.setdefault(source, [(404, "no role")])
            aws.fault = fault
            succeeds(fresh(program), aws, env(aws), more=['schedule: "0 1,5 2 1 *"'], end="2026-01-02T06:00:00Z")
            equal((aws.credentials.faults[source], len(aws.credentials.issued)), ([], 2))


def expired_when_handed_out(program):
    """A source that is late with new ones is asked again; what the environment holds stays as it is."""
    def container(_, aws):
        return {**aws.nothing(), "AWS_CONTAINER_CREDENTIALS_FULL_URI": aws.url + "/v2/credentials/1"}
    for env in (_web_identity, container, lambda _, aws: _instance(aws)):
        with endpoint() as aws:
            folder = fresh(program)
            aws.credentials.lifetime = 0
            aws.credentials.now = lambda aws=aws: virtual("2026-01-02T00:00:00Z") + 3600 * len(aws.credentials.issued)
            succeeds(folder, aws, env(folder, aws), "ASIAISSUED00000001")
    with endpoint() as aws:
        env = {**aws.environment(), "AWS_CREDENTIAL_EXPIRATION": "2026-01-02T00:59:59Z"}
        done = run(program, aws, env, status=1)
        row = only_row(program)
        equal((row["status"], "not started" in done.stderr), ("FAILED", False), "no second attempt")
        equal(row["message"].endswith(": the AWS credentials have expired"), True, row["message"])


def renewed_as_they_expire(program):
    """Two runs an hour, each set holds for an hour: one set an hour, and the token file is read anew each time."""
    with endpoint() as aws:
        env = _web_identity(program, aws)
        aws.credentials.lifetime = 0
        aws.credentials.now = lambda: virtual("2026-01-02T01:00:00Z") + 3600 * len(aws.credentials.issued)
        succeeds(program, aws, env, more=['schedule: "0,30 * * * *"'], end="2026-01-02T08:50:00Z")
        equal(len(aws.credentials.issued), 8, "one set an hour")
        used = [call[3] for call in aws.calls if call[0] == "StartPipelineExecution"]
        equal(used, [f"ASIAISSUED{n:08d}" for n in range(8) for _ in range(2)])


def a_renewal_that_fails_early_does_no_harm(program):
    """Thirteen minutes are left, STS is away: the old ones serve. Once they have ended, nothing does."""
    with endpoint() as aws:
        env = _web_identity(program, aws)
        aws.credentials.lifetime = 0
        aws.credentials.now = lambda: virtual("2026-01-02T02:00:00Z")

        def fault(*_):
            aws.credentials.faults["sts"] = (503, "away")
        aws.fault = fault
        done = run(program, aws, env, more=['schedule: "0,47 1 2 1 *"'], end="2026-01-02T01:59:00Z")
        equal([row["status"] for row in ended(program)], ["SUCCESS", "SUCCESS"])
        equal("those at hand still hold" in done.stderr, True, done.stderr)
        equal(len(aws.credentials.issued), 1)
    with endpoint() as aws:
        folder = fresh(program)
        env = _web_identity(folder, aws)
        aws.credentials.faults["sts"] = (503, "away")
        fails(folder, aws, env, "no credentials from STS")


def expired_in_mid_run(program):
    with endpoint() as aws:
        env = _web_identity(program, aws)
        aws.credentials.now = lambda: virtual("2026-01-02T01:00:00Z")
        aws.pipelines.polls_until_end = 3

        def fault(operation, *_):
            if operation == "StartPipelineExecution":
                aws.credentials.valid["ASIAISSUED00000000"]["expired"] = True
        aws.fault = fault
        succeeds(program, aws, env)
        equal(len(aws.credentials.issued), 2, "one forced renewal")
        equal({call[3] for call in aws.calls if call[0] == "GetPipelineExecution"}, {"ASIAISSUED00000001"})
    with endpoint() as aws:
        folder = fresh(program)
        env = aws.environment()

        def end_of_static(operation, *_):
            aws.credentials.valid["AKIDEXAMPLE00000000"]["expired"] = True
        aws.fault = end_of_static
        done = run(folder, aws, env, status=1)
        equal("ExpiredTokenException" in done.stderr and "status not known" in done.stderr, True, done.stderr)
        equal(only_row(folder)["status"], "TIMED_OUT")


def one_renewal_for_all(program):
    with endpoint() as aws:
        env = _web_identity(program, aws)
        aws.credentials.now = lambda: virtual("2026-01-02T01:00:00Z")
        aws.pipelines.add("eu-west-2", "app")
        prepare(program, *(pipeline(name=f"p{i}", more=ONCE) for i in range(20)))
        replay(program, END, env)
        none_wrong(aws)
        equal([row["status"] for row in ended(program)], ["SUCCESS"] * 20)
        equal(len(aws.credentials.requests), 1, "questions to STS")


# ---- nothing secret is shown ----

def _seen_in(folder, done):
    """Everything that was written: both streams, every file but those that brought the secrets."""
    yield "stdout", done.stdout.encode()
    yield "stderr", done.stderr.encode()
    for path in glob.glob(folder.folder + "/**", recursive=True):
        if os.path.isfile(path) and not os.path.basename(path).startswith("secret"):
            with open(path, "rb") as file:
                yield path, file.read()


def _command_lines():
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                yield file.read()
        except OSError:
            pass


def _canary(made):
    made.append(f"cAnArY/{len(made):02d}+" + os.urandom(16).hex())
    return made[-1]


def _scenes(made, aws, folder):
    """The environment of each source, with canaries in all places that could hold a secret."""
    aws.credentials.imds_token = _canary(made)
    key, secret, token = "ASIACANARY", _canary(made), _canary(made)
    aws.credentials.allow(key, secret, token)
    aws.credentials.allow("ASIAWRONG", "not what signs", _canary(made))
    files = folder.write("secret-credentials", "".join(
        f"[p{i}]\naws_access_key_id=AKIACANARY{i}\naws_secret_access_key={_canary(made)}\naws_session_token="
        f"{_canary(made)}\n" for i in range(4)))
    aws.credentials.web_token = _canary(made)
    aws.credentials.container_token = _canary(made)
    web = {"AWS_WEB_IDENTITY_TOKEN_FILE": folder.write("secret-web", aws.credentials.web_token), "AWS_ROLE_ARN": "arn:x"}
    wrong_web = {**web, "AWS_WEB_IDENTITY_TOKEN_FILE": folder.write("secret-wrong", _canary(made))}
    container = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": aws.url + "/c"}
    keys = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}
    yield keys
    yield {**keys, "AWS_SECRET_ACCESS_KEY": _canary(made)}  # the answer quotes what was signed, the token too
    yield {**keys, "AWS_SESSION_TOKEN": _canary(made)}
    yield {**keys, "AWS_SECRET_ACCESS_KEY": _canary(made) + " with a blank"}
    for i in range(4):
        yield {"AWS_SHARED_CREDENTIALS_FILE": files, "AWS_PROFILE": f"p{i}"}
    yield web
    yield wrong_web
    yield {**container, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": folder.write("secret-c", aws.credentials.container_token)}
    yield {**container, "AWS_CONTAINER_AUTHORIZATION_TOKEN": _canary(made)}
    yield {**container, "AWS_CONTAINER_AUTHORIZATION_TOKEN": _canary(made) + "\r\nX: 1"}
    yield {"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": aws.url}


def nothing_secret_is_shown(program):
    made, statuses, lines = [], [], []
    with endpoint() as aws:
        aws.credentials.now = lambda: virtual("2026-01-02T01:00:00Z")
        aws.expected_refusals = ["UnrecognizedClientException", "InvalidSignatureException"]
        aws.pipelines.add("eu-west-2", "app")

        def fault(operation, *_):
            lines.extend(_command_lines())
            return Refused("ValidationException", f"echo of {made[1]} and {made[2]}") if len(statuses) == 0 else None
        aws.fault = fault
        for n, variables in enumerate(_scenes(made, aws, program)):
            folder = fresh(program)
            prepare(folder, pipeline(more=ONCE))
            text = open(folder.path("zerocarb.yaml"), encoding="utf-8").read()
            folder.write("zerocarb.yaml", text.replace("state_dir: ./state", "state_dir: ./state\n  log: {level: debug}"))
            done = folder.run("run", "-c", "zerocarb.yaml", "--from", "2026-01-02T00:30:00Z", "--to", END,
                              env={**aws.nothing(), **variables})
            statuses.append(only_row(folder)["status"])
            everything = made + [one[part] for one in aws.credentials.issued for part in ("SecretAccessKey", "Token")]
            for place, content in _seen_in(folder, done):
                for canary in everything:
                    equal(canary.encode() in content, False, f"scene {n}: {canary} in {place}")
        for canary in everything:
            equal(any(canary.encode() in line for line in lines), False, f"{canary} in the process list")
    equal(len(made) >= 20 and len(lines) > 0, True, f"{len(made)} canaries, {len(lines)} command lines")
    equal((statuses.count("SUCCESS") >= 3, statuses.count("FAILED") >= 6), (True, True), statuses)


def tokens_are_hidden_in_outputs(program):
    """What was shown to STS or a container's endpoint, printed by a command later on."""
    for source in ("web", "container"):
        with endpoint() as aws:
            folder = fresh(program)
            aws.credentials.now = lambda: virtual("2026-01-02T01:00:00Z")
            aws.pipelines.add("eu-west-2", "app")
            token = folder.write("token", f"canary.{source}.token")
            aws.credentials.web_token = aws.credentials.container_token = f"canary.{source}.token"
            env = {"web": {"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:x"},
                   "container": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": aws.url + "/c",
                                 "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token}}[source]
            prepare(folder, pipeline(more=ONCE), pipeline("shows", "{plugin: exec, command: [/bin/cat, token]}", ['schedule: "30 1 2 1 *"']))
            replay(folder, END, {**aws.nothing(), **env})
            rows = {row["pipeline_name"]: row for row in ended(folder)}
            equal(rows["nightly"]["status"], "SUCCESS")
            equal(rows["shows"]["output_tail"], "***", source)


main([the_environment_first, shared_files_by_profile,
      a_profile_that_gets_keys_elsewhere_does_not_sign_with_its_own, the_home_folder_holds_the_files,
      endpoints_of_the_environment_and_the_profile, web_identity_in_xml_and_json, web_identity_that_fails, containers,
      instances, instance_metadata_that_is_slow_to_answer, a_session_that_instance_metadata_forgot, no_role_for_a_moment,
      expired_when_handed_out, renewed_as_they_expire, a_renewal_that_fails_early_does_no_harm, expired_in_mid_run,
      one_renewal_for_all, nothing_secret_is_shown, tokens_are_hidden_in_outputs])
