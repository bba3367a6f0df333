# SPDX-License-Identifier: Apache-2.0
"""Tables: for every value, what setting it does to the rendered objects."""

from render import ABSENT

CONTROLLER = "Deployment/krypton-controller"
GATEWAY = "Deployment/krypton-gateway"
SCALER = "Deployment/krypton-scaler"
DAEMONS = (CONTROLLER, GATEWAY, SCALER)
JOB = "Job/krypton-cleanup"
PODS = DAEMONS + (JOB,)
SERVICE = "Service/krypton-gateway"
INGRESS = "Ingress/krypton-gateway"
ROUTE = "HTTPRoute/krypton-gateway"
WEBHOOKS = ("MutatingWebhookConfiguration/krypton-agents", "ValidatingWebhookConfiguration/krypton-agents")
IMAGE = "spec.template.spec.containers[0].image"
POLICY = "spec.template.spec.containers[0].imagePullPolicy"
RESOURCES = "spec.template.spec.containers[0].resources"
POD = "spec.template.spec."

HOOKS_ON = "manager.enableWebhooks=true"
GIVEN = [HOOKS_ON, "manager.webhook.certSecret=given", "manager.webhook.caBundle=Q0E="]
CERT_MANAGER = [HOOKS_ON, "manager.webhook.certManager.enabled=true"]
INGRESS_ON = "gateway.ingress.enabled=true"
ROUTE_ON = ["gateway.httpRoute.enabled=true", 'gateway.httpRoute.parentRefs=[{"name": "public"}]']
BALANCER = "gateway.service.type=LoadBalancer"


def each(objects, path, value):
    return [(o, path, value) for o in objects]


def flag(daemon, text):
    return ("args", daemon, text)


# The values a row is about; what is set; what is then found: (KIND/NAME, path, value),
# or ("args", daemon, flag). Without a setting: what the default makes.
ROWS = [
    ("image.registry", [], [(CONTROLLER, IMAGE, "docker.io/krypton/controller:0.1.0"), (GATEWAY, IMAGE, "docker.io/krypton/gateway:0.1.0"),
                            (SCALER, IMAGE, "docker.io/krypton/scaler:0.1.0"), (JOB, IMAGE, "docker.io/krypton/controller:0.1.0"),
                            flag("controller", "--proxy-image=docker.io/krypton/krypton-proxy:0.1.0")]),
    ("image.registry", ["image.registry=r.example.com/k/"], [(GATEWAY, IMAGE, "r.example.com/k/gateway:0.1.0"), flag("controller", "--proxy-image=r.example.com/k/krypton-proxy:0.1.0")]),
    ("image.tag", ["image.tag=v9"], [(SCALER, IMAGE, "docker.io/krypton/scaler:v9"), flag("controller", "--proxy-image=docker.io/krypton/krypton-proxy:v9")]),
    ("image.pullPolicy", ["image.pullPolicy=Never"], each(PODS, POLICY, "Never") + [flag("controller", "--proxy-image-pull-policy=Never")]),
    ("imagePullSecrets", ['imagePullSecrets=[{"name": "a"}, {"name": "b"}]'],
     each(PODS, POD + "imagePullSecrets", [{"name": "a"}, {"name": "b"}]) + [flag("controller", "--proxy-image-pull-secrets=a,b")]),
    ("images.controller", ["images.controller=x/c@sha256:1"], [(CONTROLLER, IMAGE, "x/c@sha256:1"), (JOB, IMAGE, "x/c@sha256:1")]),
    ("images.gateway", ["images.gateway=x/g:1"], [(GATEWAY, IMAGE, "x/g:1")]),
    ("images.scaler", ["images.scaler=x/s:1"], [(SCALER, IMAGE, "x/s:1")]),
    ("images.kryptonProxy", ["images.kryptonProxy=x/p:1"], [flag("controller", "--proxy-image=x/p:1")]),
    ("manager.replicas", ["manager.replicas=3"], [(CONTROLLER, "spec.replicas", 3), (SCALER, "spec.replicas", 3), (GATEWAY, "spec.replicas", 2)]),
    ("manager.enableWebhooks", [], each(WEBHOOKS, "", ABSENT) + [("Service/krypton-webhook", "", ABSENT), (CONTROLLER, POD + "volumes", ABSENT)]),
    ("manager.enableWebhooks", [HOOKS_ON], [
        flag("controller", "--enable-webhooks"), flag("controller", "--webhook-secret=krypton-webhook-serving"),
        flag("controller", "--webhook-service=krypton-webhook"), flag("controller", "--webhook-configurations=krypton-agents"),
        (CONTROLLER, POD + "volumes", ABSENT),
        (CONTROLLER, POD + "containers[0].ports[name=webhook].containerPort", 9443),
        ("Service/krypton-webhook", "spec.ports[name=webhook].port", 443),
        (WEBHOOKS[0], "webhooks[0].clientConfig.caBundle", ABSENT), (WEBHOOKS[1], "webhooks[0].clientConfig.caBundle", ABSENT),
        (WEBHOOKS[0], "webhooks[0].clientConfig.service.path", "/mutate-krypton-ai-v1alpha1-agent"),
        (WEBHOOKS[1], "webhooks[0].clientConfig.service.path", "/validate-krypton-ai-v1alpha1-agent"),
        (WEBHOOKS[1], "webhooks[0].clientConfig.service.name", "krypton-webhook"),
        (WEBHOOKS[1], "webhooks[0].rules[0].operations", ["CREATE", "UPDATE"]),
        (WEBHOOKS[1], "webhooks[0].rules[0].resources", ["agents"])]),
    ("manager.webhook.certSecret", GIVEN, [(CONTROLLER, POD + "volumes[name=webhook-cert].secret.secretName", "given"),
                                            flag("controller", "--webhook-cert-dir=/etc/krypton/webhook")]),
    ("manager.webhook.caBundle", GIVEN, each(WEBHOOKS, "webhooks[0].clientConfig.caBundle", "Q0E=")),
    ("manager.webhook.certManager.enabled", CERT_MANAGER, [
        ("Issuer/krypton-webhook", "spec.selfSigned", {}), ("Certificate/krypton-webhook", "spec.secretName", "krypton-webhook-cert"),
        ("Certificate/krypton-webhook", "spec.issuerRef.name", "krypton-webhook"), flag("controller", "--webhook-cert-dir=/etc/krypton/webhook"),
        (CONTROLLER, POD + "volumes[name=webhook-cert].secret.secretName", "krypton-webhook-cert"),
        (WEBHOOKS[0], 'metadata.annotations."cert-manager.io/inject-ca-from"', "krypton-system/krypton-webhook"),
        (WEBHOOKS[1], "webhooks[0].clientConfig.caBundle", ABSENT)]),
    ("manager.webhook.certManager.issuerRef.name", CERT_MANAGER + ["manager.webhook.certManager.issuerRef.name=ours"],
     [("Issuer/krypton-webhook", "", ABSENT), ("Certificate/krypton-webhook", "spec.issuerRef", {"name": "ours", "kind": "Issuer", "group": "cert-manager.io"})]),
    ("manager.webhook.certManager.issuerRef.kind", CERT_MANAGER + ["manager.webhook.certManager.issuerRef.name=ours", "manager.webhook.certManager.issuerRef.kind=ClusterIssuer"],
     [("Certificate/krypton-webhook", "spec.issuerRef.kind", "ClusterIssuer")]),
    ("manager.webhook.certManager.issuerRef.group", CERT_MANAGER + ["manager.webhook.certManager.issuerRef.name=ours", "manager.webhook.certManager.issuerRef.group=example.com"],
     [("Certificate/krypton-webhook", "spec.issuerRef.group", "example.com")]),
    ("manager.webhook.annotations", [HOOKS_ON, "manager.webhook.certSecret=given", r"manager.webhook.annotations.cert-manager\.io/inject-ca-from=a/b"],
     each(WEBHOOKS, 'metadata.annotations."cert-manager.io/inject-ca-from"', "a/b") + each(WEBHOOKS, "webhooks[0].clientConfig.caBundle", ABSENT)),
    ("manager.webhook.failurePolicy", [HOOKS_ON], each(WEBHOOKS, "webhooks[0].failurePolicy", "Ignore")),
    ("manager.webhook.failurePolicy", [HOOKS_ON, "manager.webhook.failurePolicy=Fail"], each(WEBHOOKS, "webhooks[0].failurePolicy", "Fail")),
    ("manager.webhook.timeoutSeconds", [HOOKS_ON, "manager.webhook.timeoutSeconds=9"], each(WEBHOOKS, "webhooks[0].timeoutSeconds", 9)),
    ("manager.enableScaler", ["manager.enableScaler=false"], [(SCALER, "", ABSENT), ("ServiceAccount/krypton-scaler", "", ABSENT), ("ClusterRole/krypton-scaler", "", ABSENT),
                                                            ("PodDisruptionBudget/krypton-scaler", "", ABSENT), ("Role/krypton-scaler", "", ABSENT)]),
    ("manager.scalerIntervalMs", ["manager.scalerIntervalMs=250"], [flag("scaler", "--scaler-interval-ms=250")]),
    ("manager.scalerStableWindowMs", ["manager.scalerStableWindowMs=3000000"], [flag("scaler", "--scaler-stable-window-ms=3000000")]),
    ("manager.resources", ["manager.resources.requests.cpu=50m"], [(o, RESOURCES + ".requests.cpu", "50m") for o in (CONTROLLER, SCALER, JOB)] + [(GATEWAY, RESOURCES + ".requests.cpu", "10m")]),
    ("manager.resources", ["manager.resources.requests.memory=32Mi"], [(o, RESOURCES + ".requests.memory", "32Mi") for o in (CONTROLLER, SCALER)]),
    ("manager.resources", ["manager.resources.limits.memory=64Mi"], [(o, RESOURCES + ".limits", {"memory": "64Mi"}) for o in (CONTROLLER, SCALER)]),
    ("gateway.replicas", ["gateway.replicas=5"], [(GATEWAY, "spec.replicas", 5), (CONTROLLER, "spec.replicas", 1)]),
    ("gateway.maxBufferPerAgent", ["gateway.maxBufferPerAgent=7"], [flag("gateway", "--max-buffer-per-agent=7")]),
    ("gateway.pollIntervalMs", ["gateway.pollIntervalMs=70"], [flag("gateway", "--poll-interval-ms=70")]),
    ("gateway.defaultStartupTimeoutMs", ["gateway.defaultStartupTimeoutMs=1234567"], [flag("gateway", "--default-startup-timeout-ms=1234567")]),
    ("gateway.maxQueueWaitMs", ["gateway.maxQueueWaitMs=0"], [flag("gateway", "--max-queue-wait-ms=0")]),
    ("gateway.maxConnections", [], [flag("gateway", "--max-connections=0")]),
    ("gateway.maxConnections", ["gateway.maxConnections=1000000"], [flag("gateway", "--max-connections=1000000")]),
    ("gateway.maxHeldBytes", ["gateway.maxHeldBytes=1Gi"], [flag("gateway", "--max-held-bytes=1Gi")]),
    ("gateway.maxRequestHeadBytes", ["gateway.maxRequestHeadBytes=8Ki"], [flag("gateway", "--max-request-head-bytes=8Ki")]),
    ("gateway.maxRequestBodyBytes", ["gateway.maxRequestBodyBytes=4Mi"], [flag("gateway", "--max-request-body-bytes=4Mi")]),
    ("gateway.requestHeadTimeout", ["gateway.requestHeadTimeout=10s"], [flag("gateway", "--request-head-timeout=10s")]),
    ("gateway.requestBodyTimeout", ["gateway.requestBodyTimeout=1m"], [flag("gateway", "--request-body-timeout=1m")]),
    ("gateway.connectTimeout", ["gateway.connectTimeout=500ms"], [flag("gateway", "--connect-timeout=500ms")]),
    ("gateway.idleTimeout", ["gateway.idleTimeout=10m"], [flag("gateway", "--idle-timeout=10m")]),
    ("gateway.streamIdleTimeout", ['gateway.streamIdleTimeout="0"'], [flag("gateway", "--stream-idle-timeout=0")]),
    ("gateway.shutdownDelay", ["gateway.shutdownDelay=3s"], [flag("gateway", "--shutdown-delay=3s")]),
    ("gateway.trustedProxies", ['gateway.trustedProxies=["10.0.0.0/8", "fd00::/8"]'], [flag("gateway", "--trusted-proxies=10.0.0.0/8,fd00::/8")]),
    ("gateway.allowedOrigins", ['gateway.allowedOrigins=["https://app.example.com", "http://localhost:5173"]'],
     [flag("gateway", "--allowed-origins=https://app.example.com,http://localhost:5173")]),
    ("gateway.allowedOrigins", ['gateway.allowedOrigins=["*"]'], [flag("gateway", "--allowed-origins=*")]),
    ("gateway.allowedHosts", ['gateway.allowedHosts=["agents.example.com", "[::1]:8080"]'], [flag("gateway", "--allowed-hosts=agents.example.com,[::1]:8080")]),
    ("gateway.errorDetail", ["gateway.errorDetail=full"], [flag("gateway", "--error-detail=full")]),
    ("gateway.terminationGracePeriodSeconds", ["gateway.terminationGracePeriodSeconds=60"], [(GATEWAY, POD + "terminationGracePeriodSeconds", 60), flag("gateway", "--shutdown-timeout=55s")]),
    ("gateway.terminationGracePeriodSeconds", ["gateway.terminationGracePeriodSeconds=3"], [flag("gateway", "--shutdown-timeout=1s")]),
    ("gateway.service.type", [], [(SERVICE, "spec.type", "ClusterIP"), (SERVICE, "spec.ports[name=metrics].port", 8081), (SERVICE, "spec.ports[name=ops].port", 8082),
                                  ("Service/krypton-gateway-ops", "", ABSENT), flag("controller", "--gateway-service=krypton-gateway"), flag("scaler", "--gateway-service=krypton-gateway")]),
    ("gateway.service.type", [BALANCER], [(SERVICE, "spec.type", "LoadBalancer"), (SERVICE, "spec.ports", [{"name": "http", "port": 8080, "targetPort": "http"}]),
                                          ("Service/krypton-gateway-ops", "spec.type", "ClusterIP"), ("Service/krypton-gateway-ops", "spec.ports[name=ops].port", 8082),
                                          flag("controller", "--gateway-service=krypton-gateway-ops"), flag("scaler", "--gateway-service=krypton-gateway-ops")]),
    ("gateway.service.port", ["gateway.service.port=80"] + ROUTE_ON, [(SERVICE, "spec.ports[name=http]", {"name": "http", "port": 80, "targetPort": "http"}),
                                                                     (ROUTE, "spec.rules[0].backendRefs[0].port", 80), flag("gateway", "--listen-address=:8080")]),
    ("gateway.service.nodePort", ["gateway.service.type=NodePort", "gateway.service.nodePort=30080"], [(SERVICE, "spec.ports[name=http].nodePort", 30080)]),
    ("gateway.service.annotations", ["gateway.service.annotations.a=b"], [(SERVICE, "metadata.annotations.a", "b")]),
    ("gateway.service.loadBalancerSourceRanges", [BALANCER, 'gateway.service.loadBalancerSourceRanges=["192.0.2.0/24"]'], [(SERVICE, "spec.loadBalancerSourceRanges", ["192.0.2.0/24"])]),
    ("gateway.ingress.enabled", [], [(INGRESS, "", ABSENT)]),
    ("gateway.ingress.enabled", [INGRESS_ON], [
        (INGRESS, 'metadata.annotations."nginx.ingress.kubernetes.io/proxy-buffering"', "off"),
        (INGRESS, 'metadata.annotations."nginx.ingress.kubernetes.io/proxy-read-timeout"', "3600"),
        (INGRESS, "spec.rules[0].http.paths[0].path", "/v1/agents"), (INGRESS, "spec.rules[0].http.paths[0].backend.service.name", "krypton-gateway"),
        (INGRESS, "spec.rules[0].host", ABSENT), (INGRESS, "spec.ingressClassName", ABSENT), (INGRESS, "spec.tls", ABSENT)]),
    ("gateway.ingress.className", [INGRESS_ON, "gateway.ingress.className=nginx"], [(INGRESS, "spec.ingressClassName", "nginx")]),
    ("gateway.ingress.host", [INGRESS_ON, "gateway.ingress.host=agents.example.com"], [(INGRESS, "spec.rules[0].host", "agents.example.com")]),
    ("gateway.ingress.tlsSecret", [INGRESS_ON, "gateway.ingress.host=a.example.com", "gateway.ingress.tlsSecret=t"], [(INGRESS, "spec.tls", [{"secretName": "t", "hosts": ["a.example.com"]}])]),
    ("gateway.ingress.annotations", [INGRESS_ON, r'gateway.ingress.annotations.nginx\.ingress\.kubernetes\.io/proxy-read-timeout="7"', "gateway.ingress.annotations.a=b"],
     [(INGRESS, 'metadata.annotations."nginx.ingress.kubernetes.io/proxy-read-timeout"', "7"), (INGRESS, "metadata.annotations.a", "b"),
      (INGRESS, 'metadata.annotations."nginx.ingress.kubernetes.io/proxy-buffering"', "off")]),
    ("gateway.httpRoute.enabled", [], [(ROUTE, "", ABSENT)]),
    ("gateway.httpRoute.enabled", ROUTE_ON, [(ROUTE, "spec.rules[0].matches[0].path", {"type": "PathPrefix", "value": "/v1/agents"}), (ROUTE, "spec.hostnames", ABSENT),
                                             (ROUTE, "spec.rules[0].backendRefs", [{"name": "krypton-gateway", "port": 8080}])]),
    ("gateway.httpRoute.parentRefs", ROUTE_ON, [(ROUTE, "spec.parentRefs", [{"name": "public"}])]),
    ("gateway.httpRoute.hostnames", ROUTE_ON + ['gateway.httpRoute.hostnames=["a.example.com"]'], [(ROUTE, "spec.hostnames", ["a.example.com"])]),
    ("gateway.httpRoute.requestTimeout", ROUTE_ON, [(ROUTE, "spec.rules[0].timeouts", {"request": "0s", "backendRequest": "0s"})]),
    ("gateway.httpRoute.requestTimeout", ROUTE_ON + ["gateway.httpRoute.requestTimeout="], [(ROUTE, "spec.rules[0].timeouts", ABSENT)]),
    ("gateway.httpRoute.annotations", ROUTE_ON + ["gateway.httpRoute.annotations.a=b"], [(ROUTE, "metadata.annotations.a", "b")]),
    ("gateway.resources", ["gateway.resources.requests.cpu=50m"], [(GATEWAY, RESOURCES + ".requests.cpu", "50m"), (CONTROLLER, RESOURCES + ".requests.cpu", "10m")]),
    ("gateway.resources", ["gateway.resources.requests.memory=32Mi"], [(GATEWAY, RESOURCES + ".requests.memory", "32Mi")]),
    ("gateway.resources", ["gateway.resources.limits.memory=1Gi"], [(GATEWAY, RESOURCES + ".limits", {"memory": "1Gi"})]),
    ("proxy.env", ['proxy.env.KRYPTON_MAX_CONNECTIONS="500"', "proxy.env.KRYPTON_CONNECT_TIMEOUT=10s"], [flag("controller", "--proxy-env=KRYPTON_CONNECT_TIMEOUT=10s,KRYPTON_MAX_CONNECTIONS=500")]),
    ("rbac.create", ["rbac.create=false"], [("%s/krypton-%s" % (kind, who), "", ABSENT) for who in ("controller", "gateway", "scaler", "cleanup")
                                            for kind in ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")] + [("ServiceAccount/krypton-cleanup", "kind", "ServiceAccount")]),
    ("serviceMonitor.enabled", [], [("ServiceMonitor/krypton-daemons", "", ABSENT), ("Service/krypton-controller", "", ABSENT)]),
    ("serviceMonitor.enabled", ["serviceMonitor.enabled=true"], [
        ("ServiceMonitor/krypton-daemons", "spec.endpoints", [{"port": "metrics", "path": "/metrics", "honorLabels": True}]),
        ("ServiceMonitor/krypton-daemons", "spec.namespaceSelector.matchNames", ["krypton-system"]),
        ("Service/krypton-controller", "spec.ports[name=metrics].port", 8080), ("Service/krypton-scaler", "spec.ports[name=metrics].port", 8081)]),
    ("serviceMonitor.labels", ["serviceMonitor.enabled=true", "serviceMonitor.labels.release=p"], [("ServiceMonitor/krypton-daemons", "metadata.labels.release", "p")]),
    ("podMonitor.enabled", [], [("PodMonitor/krypton-agents", "", ABSENT)]),
    ("podMonitor.enabled", ["podMonitor.enabled=true"], [
        ("PodMonitor/krypton-agents", "spec.podMetricsEndpoints", [{"port": "proxy", "path": "/metrics", "honorLabels": True}]),
        ("PodMonitor/krypton-agents", "spec.namespaceSelector", {"any": True}),
        ("PodMonitor/krypton-agents", "spec.selector.matchExpressions", [{"key": "krypton.ai/agent", "operator": "Exists"}])]),
    ("podMonitor.labels", ["podMonitor.enabled=true", "podMonitor.labels.release=p"], [("PodMonitor/krypton-agents", "metadata.labels.release", "p")]),
    ("nodeSelector", ["nodeSelector.disk=ssd"], each(PODS, POD + "nodeSelector", {"disk": "ssd"})),
    ("tolerations", ['tolerations=[{"key": "k", "operator": "Exists"}]'], each(PODS, POD + "tolerations", [{"key": "k", "operator": "Exists"}])),
    ("affinity", ['affinity={"podAntiAffinity": {"x": 1}}'], each(PODS, POD + "affinity", {"podAntiAffinity": {"x": 1}})),
    ("podAnnotations", ["podAnnotations.a=b"], each(DAEMONS, "spec.template.metadata.annotations.a", "b") + each(DAEMONS, 'spec.template.metadata.annotations."prometheus.io/scrape"', "true")),
    ("podAnnotations", [r'podAnnotations.prometheus\.io/scrape="false"'], each(DAEMONS, 'spec.template.metadata.annotations."prometheus.io/scrape"', "false")),
    ("global", ['global={"any": {"thing": 1}}'], [(GATEWAY, "spec.replicas", 2)]),
]

# Where an unknown key is tried: the chart's top and every map of its own.
SECTIONS = ("", "image", "images", "manager", "manager.webhook", "manager.webhook.certManager", "manager.webhook.certManager.issuerRef", "manager.resources",
            "gateway", "gateway.service", "gateway.ingress", "gateway.httpRoute", "gateway.resources", "rbac", "serviceMonitor", "podMonitor", "affinity")

# What is set, and the words that the refusal must have.
REFUSED = [
    (["controlPlane.replicas=1"], "controlPlane"),
    (["postgres.enabled=true"], "postgres"),
    (["manager.replicas=two"], "manager/replicas"),
    (["manager.replicas=-1"], "manager/replicas"),
    (["manager.enableWebhooks=maybe"], "manager/enableWebhooks"),
    (["manager.webhook.failurePolicy=Sometimes"], "manager/webhook/failurePolicy"),
    (["manager.scalerIntervalMs=1s"], "manager/scalerIntervalMs"),
    (["manager.resources.limits.memory=128 MB"], "manager/resources/limits/memory"),
    (["gateway.replicas=null"], "replicas"),
    (["proxy.env.KRYPTON_CONCURRENCY=9"], "proxy/env"),
    (["proxy.env.KRYPTON_CONNECT_TIMEOUT=5"], "proxy/env/KRYPTON_CONNECT_TIMEOUT"),
    (["proxy.env.KRYPTON_TOKEN=stolen"], "proxy/env"),
    (["gateway.maxHeldBytes=much"], "gateway/maxHeldBytes"),
    (["gateway.streamIdleTimeout=3600"], "gateway/streamIdleTimeout"),
    (["gateway.requestHeadTimeout=0"], "gateway/requestHeadTimeout"),
    (["gateway.maxRequestBodyBytes=4MB"], "gateway/maxRequestBodyBytes"),
    (["gateway.errorDetail=all"], "gateway/errorDetail"),
    (['gateway.allowedOrigins=["app.example.com"]'], "gateway/allowedOrigins/0"),
    (['gateway.allowedOrigins=["https://app.example.com/"]'], "gateway/allowedOrigins/0"),
    (['gateway.allowedHosts=["https://a.example.com"]'], "gateway/allowedHosts/0"),
    (["gateway.service.type=ExternalName"], "gateway/service/type"),
    (["gateway.service.port=70000"], "gateway/service/port"),
    (["gateway.ingress.enabled=yes-please"], "gateway/ingress/enabled"),
    (['gateway.trustedProxies=["everyone"]'], "gateway/trustedProxies/0"),
    (['gateway.trustedProxies="10.0.0.0/8"'], "gateway/trustedProxies"),
    (["gateway.httpRoute.enabled=true"], "gateway.httpRoute.parentRefs: name the Gateway to attach to"),
    (["image.pullPolicy=Sometimes"], "image/pullPolicy"),
    (['image.registry=""'], "image/registry"),
    (["image.tag=a b"], "image/tag"),
    (["images.gateway=a b"], "images/gateway"),
    (['imagePullSecrets=["name"]'], "imagePullSecrets/0"),
    (["nodeSelector=x"], "nodeSelector"),
    (['tolerations=[{"kee": "x"}]'], "kee"),
    (["podAnnotations.a=7"], "podAnnotations/a"),
    (["rbac.create=7"], "rbac/create"),
    (["serviceMonitor.labels=x"], "serviceMonitor/labels"),
    ([HOOKS_ON, "manager.webhook.certSecret=given"], "manager.webhook.caBundle: needed with manager.webhook.certSecret"),
    ([HOOKS_ON, "manager.webhook.caBundle=Q0E="], "manager.webhook.caBundle: only with manager.webhook.certSecret"),
    (GIVEN + ["manager.webhook.certManager.enabled=true"], "manager.webhook.certSecret: not together with"),
]

# Everything on, for lint and for what must hold of every object.
ALL_ON = [HOOKS_ON, "serviceMonitor.enabled=true", "podMonitor.enabled=true", INGRESS_ON, "gateway.ingress.host=a.example.com", "gateway.ingress.tlsSecret=t",
          BALANCER, 'imagePullSecrets=[{"name": "a"}]', "nodeSelector.disk=ssd"] + ROUTE_ON

# The least rights: who, where, and each (group, resource, names) with its verbs.
READ = ("get", "list", "watch")
CHILD = ("get", "list", "watch", "create", "patch", "delete")
LEASE = ("get", "update", "patch")
RIGHTS = {
    ("ClusterRole", "controller"): {
        ("krypton.ai", "agents", ()): READ + ("patch",), ("krypton.ai", "agents/status", ()): ("get", "patch"), ("krypton.ai", "agents/finalizers", ()): ("update",),
        ("apps", "deployments", ()): CHILD, ("", "services", ()): CHILD, ("", "serviceaccounts", ()): CHILD,
        ("", "pods", ()): READ, ("", "events", ()): READ + ("create", "patch")},
    ("Role", "controller"): {
        ("coordination.k8s.io", "leases", ()): ("create",), ("coordination.k8s.io", "leases", ("krypton-controller",)): LEASE,
        ("", "secrets", ("krypton-internal",)): ("get", "create", "patch")},
    ("ClusterRole", "gateway"): {
        ("krypton.ai", "agents", ()): READ, ("krypton.ai", "agents/status", ()): ("patch",), ("discovery.k8s.io", "endpointslices", ()): READ},
    ("ClusterRole", "scaler"): {
        ("krypton.ai", "agents", ()): READ, ("krypton.ai", "agents/status", ()): ("patch",), ("discovery.k8s.io", "endpointslices", ()): READ,
        ("", "events", ()): ("create", "patch")},
    ("Role", "scaler"): {
        ("coordination.k8s.io", "leases", ()): ("create",), ("coordination.k8s.io", "leases", ("krypton-scaler",)): LEASE},
    ("ClusterRole", "cleanup"): {("krypton.ai", "agents", ()): ("get", "list", "watch", "patch")},
    ("Role", "cleanup"): {("coordination.k8s.io", "leases", ()): ("create",), ("coordination.k8s.io", "leases", ("krypton-controller",)): LEASE},
}

# What the controller may besides, where it makes the webhooks' certificate itself.
OWN_CERTIFICATE_RIGHTS = {
    ("ClusterRole", "controller"): {("admissionregistration.k8s.io", r + "webhookconfigurations", ("krypton-agents",)): ("get", "patch") for r in ("mutating", "validating")},
    ("Role", "controller"): {("", "secrets", ("krypton-webhook-serving",)): ("get", "create", "patch")},
}

# What is set, and what the notes then have.
NOTES = [
    ([], ("kubectl get agents -A", "svc/krypton-gateway 8080:8080", "/v1/agents/default/hello", "rollout status", "docs/INGRESS.md")),
    ([INGRESS_ON], ("kubectl get ingressclass",)),
    (ROUTE_ON, ("describe httproute krypton-gateway",)),
    (["manager.enableScaler=false", "gateway.service.port=80"], ("The scaler is off", "8080:80 &")),
]
