"""The firewall at the load balancer: how often one address may ask, and how long a body may be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_wafv2 as waf

from schemas.report import LONGEST_BYTES

if TYPE_CHECKING:
    from aws_cdk import aws_elasticloadbalancingv2 as elb
    from constructs import Construct

WINDOW_SECONDS: Final = 300
"""What the limit counts over. A deployment sends one report a day; many may share an office's address."""

BODY_BYTES: Final = LONGEST_BYTES
"""The longest body, as the edge has it.

It is also all that a load balancer shows its firewall of a body, a limit that AWS fixes
(docs.aws.amazon.com/waf/latest/developerguide/waf-oversize-request-components.html). The firewall must match
what is longer, as it cannot measure it.
"""

_ACL: Final = waf.CfnWebACL
_PROBLEM: Final = "TooLong"


def firewall(
    scope: Construct, *, alb: elb.ApplicationLoadBalancer, requests: int, header: str | None = None
) -> waf.CfnWebACL:
    """Make the firewall and put it before the load balancer.

    What comes too often is answered 429, with Retry-After; a body of more than `BODY_BYTES` 413. The rate is
    counted first, so that long bodies count too. A body that comes slowly is not the firewall's matter: the
    edge has a deadline for it.

    `header` is where CloudFront has put what represents the address. Without one it is the address itself,
    which the firewall counts and does not keep: it neither logs requests nor samples them.
    """
    acl = _ACL(
        scope,
        "Firewall",
        scope="REGIONAL",
        default_action=_ACL.DefaultActionProperty(allow={}),
        visibility_config=_counted("All"),
        rules=[
            _ACL.RuleProperty(
                name="TooOften",
                priority=0,
                action=_too_often(),
                statement=_ACL.StatementProperty(rate_based_statement=_rate(requests, header)),
                visibility_config=_counted("TooOften"),
            ),
            _ACL.RuleProperty(
                name="TooLong",
                priority=1,
                action=_too_long(),
                statement=_ACL.StatementProperty(size_constraint_statement=_longer()),
                visibility_config=_counted("TooLong"),
            ),
        ],
        custom_response_bodies={_PROBLEM: _problem()},
    )
    waf.CfnWebACLAssociation(
        scope, "FirewallPlace", resource_arn=alb.load_balancer_arn, web_acl_arn=acl.attr_arn
    )
    return acl


def _rate(requests: int, header: str | None) -> waf.CfnWebACL.RateBasedStatementProperty:
    if header is None:
        return _ACL.RateBasedStatementProperty(
            limit=requests, evaluation_window_sec=WINDOW_SECONDS, aggregate_key_type="IP"
        )
    key = _ACL.RateLimitHeaderProperty(
        name=header, text_transformations=[_ACL.TextTransformationProperty(priority=0, type="NONE")]
    )
    return _ACL.RateBasedStatementProperty(
        limit=requests,
        evaluation_window_sec=WINDOW_SECONDS,
        aggregate_key_type="CUSTOM_KEYS",
        custom_keys=[_ACL.RateBasedStatementCustomKeyProperty(header=key)],
    )


def _too_often() -> waf.CfnWebACL.RuleActionProperty:
    later = _ACL.CustomHTTPHeaderProperty(name="Retry-After", value=str(WINDOW_SECONDS))
    answer = _ACL.CustomResponseProperty(response_code=429, response_headers=[later])
    return _ACL.RuleActionProperty(block=_ACL.BlockActionProperty(custom_response=answer))


def _longer() -> waf.CfnWebACL.SizeConstraintStatementProperty:
    return _ACL.SizeConstraintStatementProperty(
        field_to_match=_ACL.FieldToMatchProperty(body=_ACL.BodyProperty(oversize_handling="MATCH")),
        comparison_operator="GT",
        size=BODY_BYTES,
        text_transformations=[_ACL.TextTransformationProperty(priority=0, type="NONE")],
    )


def _too_long() -> waf.CfnWebACL.RuleActionProperty:
    answer = _ACL.CustomResponseProperty(response_code=413, custom_response_body_key=_PROBLEM)
    return _ACL.RuleActionProperty(block=_ACL.BlockActionProperty(custom_response=answer))


def _problem() -> waf.CfnWebACL.CustomResponseBodyProperty:
    """Return the edge's own kind of answer, as JSON: a firewall cannot say `application/problem+json`."""
    document = {
        "type": "about:blank",
        "title": "Content Too Large",
        "status": 413,
        "detail": f"The body is longer than {BODY_BYTES:,} bytes. Send a report as the schema describes it.",
    }
    return _ACL.CustomResponseBodyProperty(content_type="APPLICATION_JSON", content=json.dumps(document))


def _counted(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return _ACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True,
        metric_name=f"usage-metrics-{name}",
        sampled_requests_enabled=False,
    )
