"""Word lists from which owners, repositories and components get their made-up names."""

from __future__ import annotations

from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_OWNERS = _words(
    "amberfield arclight-labs bluejay-io boreal-systems brightloom cedarworks cobalt-forge copperline coralstack "
    "deltaquay driftwood-oss dunesoft elmstreet-dev emberlight fernhill fjordware foxglove-labs glasswing "
    "granitepeak greyharbor halcyon-dev heronworks hollowtree inkwell-tools ironbark junipersoft kestrel-io "
    "kitestring lakeshore-oss lanternfish larkspur-labs lichen-dev lowtide maplewire marblecat meadowlark-io "
    "mistral-tools moonlit-code nettlebed nightjar-systems northwind-oss oakmoss opalbridge orchard-labs otterbay "
    "papercrane pebblebrook pinegrove plumtree-io quartzline quillfeather ravenwood redcurrant reedbank "
    "ridgeline-dev riverstone rookery saltmarsh sandpiper-io silverbirch skylark-oss slowriver snowberry "
    "sparrowhawk stonecrop sundial-labs tallgrass thistledown tidepool-io timberline umberworks valewood "
    "velvetant violetmesa wagtail-dev waxwing westering whitecap wildrye willowbend windrose woodlark wrenfield "
    "yarrow-io zephyrworks"
)
_FIRST = _words(
    "acorn anchor apex atlas basalt beacon birch bolt breeze bridge cargo cedar chisel cinder clever comet "
    "compass copper crisp dapper delta echo ember falcon fern flint flux gale gentle glass harbor hazel indigo "
    "iron ivory jade kelp kite lantern larch ledger linen lucid lumen lynx maple marble mica mint nimble north "
    "nova oak onyx opal orbit otter pearl pine pixel plain polar prism quick quiet raven reef ripple river rust "
    "sable sage salt scarlet silver slate solar spark steady stone swift tall tango terse thistle tidal tiny "
    "topaz umber urban vapor velvet vivid walnut wander willow zinc"
)
_SECOND = _words(
    "agent api auth bench board book bot box bus cache cart chart check cli client clock config core crawler dash "
    "db diff docs editor engine events exporter feed fetch flags forms fs gateway graph grid hub index ingest kit "
    "lab ledger lint loader logger mail maps mesh metrics migrate notes operator parser pay pipeline plot proxy "
    "queue relay render report router runner scheduler schema sdk search server shell site sketch sql store "
    "stream sync table tasks template text tools tracer types vault viewer watch web wiki worker"
)
_COMPONENTS = {
    "packages": ("core", "cli", "react", "utils", "server", "plugin-auth", "theme"),
    "services": ("api", "billing", "gateway", "notifications", "search", "worker"),
    "apps": ("admin", "mobile", "web", "storefront", "docs"),
    "libs": ("common", "models", "storage", "telemetry"),
}


def owner_and_name(random: Random) -> tuple[str, str]:
    """Return the two halves of a repository's name."""
    return random.choice(_OWNERS), f"{random.choice(_FIRST)}-{random.choice(_SECOND)}"


def component_folders(random: Random) -> tuple[str, ...]:
    """Return the folders of a repository with several components, and none for the usual one-component repository."""
    if random.random() < 0.7:
        return ()
    folder = random.choice(tuple(_COMPONENTS))
    names = _COMPONENTS[folder]
    return tuple(f"{folder}/{name}" for name in random.sample(names, random.randint(2, min(4, len(names)))))
