"""What the emulator lacks, made up for after a deploy or before it. Each shim says what AWS does by itself.

Nothing here changes what the templates say; a shim that is not needed any more, after the emulator has moved on, is to be removed.
"""

import json
import re

from emulator import REGION

REFERENCE = re.compile(r"\{\{resolve:secretsmanager:([^{}]+?):SecretString(?::([^:{}]*))?(?::([^:{}]*))?(?::([^:{}]*))?\}\}")


class Shims:
    """Those that follow a deploy. They are applied after each one, since an update puts back what the templates say."""

    def __init__(self, clients, emulator):
        self.clients = clients
        self.emulator = emulator

    def apply(self, stack):
        self.routes(stack)
        self.methods(stack)
        self.functions(stack)
        self.origins(stack)

    def routes(self, stack):
        """The emulator makes no routes of an HTTP API's `Body`, the OpenAPI document that SAM writes."""
        gateway = self.clients("apigatewayv2")
        for api_id, api in stack.of_type("AWS::ApiGatewayV2::Api"):
            body = api["Properties"].get("Body")
            if body is None:
                continue
            known = {route["RouteKey"] for route in gateway.get_routes(ApiId=api_id)["Items"]}
            for path, methods in body["paths"].items():
                for method, operation in methods.items():
                    verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                    if f"{verb} {path}" in known:
                        continue
                    wanted = operation["x-amazon-apigateway-integration"]
                    function = re.search(r"\$\{(\w+)\.Arn\}", json.dumps(wanted["uri"])).group(1)
                    integration = gateway.create_integration(
                        ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=stack.function_arn(function),
                        PayloadFormatVersion=wanted["payloadFormatVersion"],
                    )
                    gateway.create_route(ApiId=api_id, RouteKey=f"{verb} {path}", Target=f"integrations/{integration['IntegrationId']}")

    def methods(self, stack):
        """Of a REST API's `Body` it makes the resources, and no method `ANY`."""
        gateway = self.clients("apigateway")
        for api_id, api in stack.of_type("AWS::ApiGateway::RestApi"):
            resources = {it["path"]: it["id"] for it in gateway.get_resources(restApiId=api_id, limit=500)["items"]}
            for path, methods in api["Properties"]["Body"]["paths"].items():
                wanted = methods["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"]
                function = re.search(r"\$\{(\w+)\.Arn\}", json.dumps(wanted["uri"])).group(1)
                at = {"restApiId": api_id, "resourceId": resources[path], "httpMethod": "ANY"}
                gateway.put_method(**at, authorizationType="NONE")
                gateway.put_integration(
                    **at, type="AWS_PROXY", integrationHttpMethod="POST",
                    uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{stack.function_arn(function)}/invocations",
                )

    def functions(self, stack):
        """In nested stacks the emulator leaves references to secrets unresolved, and `SOCKET_ENDPOINT` names a host of AWS."""
        functions = self.clients("lambda")
        for name, _ in stack.of_type("AWS::Lambda::Function"):
            variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
            ours = {key: self.resolved(value) for key, value in variables.items()}
            if "SOCKET_ENDPOINT" in ours:
                ours["SOCKET_ENDPOINT"] = self.here(ours["SOCKET_ENDPOINT"])
            if ours != variables:
                functions.update_function_configuration(FunctionName=name, Environment={"Variables": ours})

    def origins(self, stack):
        """The same in a distribution: secrets in headers, and an origin at AWS, which the emulator refuses to call."""
        front = self.clients("cloudfront")
        for distribution, _ in stack.of_type("AWS::CloudFront::Distribution"):
            found = front.get_distribution_config(Id=distribution)
            config = found["DistributionConfig"]
            for origin in config["Origins"]["Items"]:
                for header in origin.get("CustomHeaders", {}).get("Items", []):
                    header["HeaderValue"] = self.resolved(header["HeaderValue"])
                if ".execute-api." in origin["DomainName"]:
                    api = origin["DomainName"].split(".")[0]
                    origin["DomainName"] = "localhost"
                    # A REST API has its stage in the path, an HTTP API one without a name.
                    origin["OriginPath"] = f"/_aws/execute-api/{api}{origin.get('OriginPath') or '/$default'}"
                    origin["CustomOriginConfig"].update(HTTPPort=80, HTTPSPort=self.emulator.port)
            front.update_distribution(Id=distribution, IfMatch=found["ETag"], DistributionConfig=config)

    def here(self, url):
        """`https://{api}.execute-api.{region}.amazonaws.com/{stage}`, at the emulator."""
        api, stage = re.fullmatch(r"https://(\w+)\.execute-api\.[^/]+/(\w+)", url).groups()
        return f"{self.emulator.url}/_aws/execute-api/{api}/{stage}"

    def resolved(self, text):
        return REFERENCE.sub(self._secret, text)

    def _secret(self, reference):
        secret, key, stage, version = reference.groups()
        which = {"VersionId": version} if version else {"VersionStage": stage or "AWSCURRENT"}
        value = self.clients("secretsmanager").get_secret_value(SecretId=secret, **which)["SecretString"]
        return json.loads(value)[key] if key else value
