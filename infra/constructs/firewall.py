"""The firewall at the load balancer: a limit on how often one address may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import aws_wafv2 as waf

if TYPE_CHECKING:
    from aws_cdk import aws_elasticloadbalancingv2 as elb
    from constructs import Construct

WINDOW_SECONDS: Final = 300
"""What the limit counts over. A deployment sends one report a day; many may share an office's address."""

_ACL: Final = waf.CfnWebACL


def firewall(
    scope: Construct, *, alb: elb.ApplicationLoadBalancer, requests: int, header: str | None = None
) -> waf.CfnWebACL:
    """Make the firewall and put it before the load balancer.

    What comes too often is answered 429, with Retry-After. `header` is where CloudFront has put what stands
    for the address. Without one it is the address itself, which the firewall counts and does not keep: it
    neither logs requests nor samples them.
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
            )
        ],
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


def _counted(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return _ACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True,
        metric_name=f"usage-metrics-{name}",
        sampled_requests_enabled=False,
    )
