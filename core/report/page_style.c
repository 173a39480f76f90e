/* page_style.c - the page's style sheet.
 *
 * Colours of series are of the palette of Okabe and Ito ("Color Universal Design", 2008), those of
 * heat maps ColorBrewer's YlOrBr: both hold for colour-blind readers. Paper is always light. */
#include "core/report/page_parts.h"

/* Names of colours: p plain, s stripe, d dot (ground and ink), h0-h6 heat, c: ink on heat. */
static const char light[] =
    ":root{color-scheme:light dark;--paper:#fff;--ink:#1b1f23;--soft:#57606a;--rule:#d4dae0;"
    "--tile:#f4f6f8;--accent:#00578a;--p:#0072b2;--s0:#f8d3bd;--s1:#b84a00;--d0:#c5e9dd;"
    "--d1:#00694d;--gap:#8c959f;"
    "--h0:#ffffd9;--h1:#fee79b;--h2:#fec44f;--h3:#fe9929;--h4:#ec7014;--h5:#c24402;--h6:#86290a;"
    "--c0:#1b1f23;--c1:#1b1f23;--c2:#1b1f23;--c3:#1b1f23;--c4:#1b1f23;--c5:#fff;--c6:#fff;"
    "--r0:#0072b2;--r1:#d55e00;--r2:#009e73;--r3:#b3568f;--r4:#2f8fc4;--r5:#a97400;--r6:#57606a;"
    "--r7:#6b3fa0}\n";

static const char dark[] =
    "@media screen and (prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e8ebee;"
    "--soft:#a9b3bd;--rule:#3a434c;--tile:#1d2329;--accent:#7cc4f0;--p:#4aa8e0;--s0:#5a3013;"
    "--s1:#f79a55;--d0:#124536;--d1:#4fd1ab;--gap:#6b7681;"
    "--h0:#2d2118;--h1:#4a2b10;--h2:#6d390c;--h3:#96500f;--h4:#c9761f;--h5:#eba445;--h6:#ffdc8c;"
    "--c0:#f3ede6;--c1:#f3ede6;--c2:#f3ede6;--c3:#fff;--c4:#14181d;--c5:#14181d;--c6:#14181d;"
    "--r0:#4aa8e0;--r1:#f2803a;--r2:#3cc79d;--r3:#e08fc0;--r4:#8fd0f5;--r5:#e8b23d;--r6:#a9b3bd;"
    "--r7:#b596e8}}\n";

static const char text[] =
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:56rem;padding:2rem 1.25rem 4rem;background:var(--paper);"
    "color:var(--ink);font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\","
    "\"DejaVu Sans\",sans-serif;overflow-wrap:break-word}\n"
    "h1{font-size:2rem;line-height:1.2;margin:0 0 .25rem}\n"
    "h2{font-size:1.4rem;line-height:1.25;margin:3rem 0 .25rem;padding-top:1rem;"
    "border-top:2px solid var(--ink)}\n"
    "h3{font-size:1.05rem;margin:1.75rem 0 .35rem}\n"
    "p{margin:.35rem 0 .75rem}\n"
    "a{color:var(--accent)}\n"
    ".about,figcaption p,.note,caption,.legend{color:var(--soft)}\n"
    ".about,figcaption p{font-size:.9rem}\n"
    "nav ol{padding-left:1.4rem;columns:2;font-size:.95rem}\n"
    ".lead{list-style:none;padding:0;margin:1rem 0;font-size:1.15rem}\n"
    ".lead li{margin:.3rem 0}\n"
    ".told{padding-left:1.2rem}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;"
    "margin:1.25rem 0}\n"
    ".tiles div{background:var(--tile);border:1px solid var(--rule);border-radius:6px;"
    "padding:.7rem .85rem}\n"
    "dt{font-size:.85rem;color:var(--soft);line-height:1.3}\n"
    "dd{margin:.15rem 0 0;font-size:1.3rem;font-weight:600;line-height:1.25;"
    "font-variant-numeric:tabular-nums}\n"
    "dd.note{font-size:.8rem;font-weight:400;line-height:1.35}\n";

static const char figures[] =
    "figure{margin:2rem 0;break-inside:avoid}\n"
    "figcaption h3{margin-top:0}\n"
    ".scroll{overflow-x:auto}\n"
    ".scroll>svg{display:block;width:100%;min-width:36rem;height:auto}\n"
    ".legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;padding:0;"
    "margin:.5rem 0;font-size:.85rem}\n"
    ".legend li{display:flex;align-items:center;gap:.4rem}\n"
    ".key{width:18px;height:12px;flex:none;overflow:visible}\n"
    ".patterns{position:absolute}\n"
    "table{border-collapse:collapse;width:100%;font-size:.85rem;"
    "font-variant-numeric:tabular-nums;margin:.75rem 0}\n"
    "caption{text-align:left;font-weight:600;padding:.5rem 0;color:var(--ink)}\n"
    "th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--rule);"
    "vertical-align:top}\n"
    "thead th{vertical-align:bottom;color:var(--soft);font-weight:600;line-height:1.25}\n"
    "tbody th{font-weight:500;min-width:8em}\n"
    ".n{text-align:right;white-space:nowrap}\n"
    ".w{white-space:nowrap}\n"
    "td:not([class]){overflow-wrap:anywhere;min-width:7em}\n"
    "th.n{white-space:normal}\n"
    "details{margin:.5rem 0}\n"
    "summary{cursor:pointer;font-size:.85rem;color:var(--accent)}\n"
    "footer{margin-top:3rem;font-size:.9rem}\n"
    ":focus-visible{outline:2px solid var(--accent);outline-offset:2px}\n";

static const char charts[] =
    "svg text{fill:var(--ink);font-size:11.5px}\n"
    "svg .tick,svg .unit{fill:var(--soft)}\n"
    ".start{text-anchor:start}.middle{text-anchor:middle}.end{text-anchor:end}\n"
    ".tick,.value,.cell,.rank-text{font-variant-numeric:tabular-nums}\n"
    ".grid{stroke:var(--rule)}.axis{stroke:var(--soft)}\n"
    ".plain{fill:var(--p)}\n"
    ".stripe{fill:url(#stripe);stroke:var(--s1);stroke-width:.75}\n"
    ".dot{fill:url(#dot);stroke:var(--d1);stroke-width:.75}\n"
    ".stripe-ground{fill:var(--s0)}.stripe-ink{fill:var(--s1)}\n"
    ".dot-ground{fill:var(--d0)}.dot-ink{fill:var(--d1)}\n"
    ".gap{fill:url(#gap)}.gap-ink{fill:var(--gap);fill-opacity:.8}\n"
    ".line{fill:none;stroke:var(--ink);stroke-width:1.6;stroke-linejoin:round}\n"
    ".mark{fill:var(--paper);stroke:var(--ink);stroke-width:1.4}\n"
    ".rank{fill:none;stroke-width:2.5;stroke-linejoin:round}\n"
    ".rank-mark{fill:var(--paper);stroke-width:2}\n"
    ".r0{stroke:var(--r0)}.r1{stroke:var(--r1)}.r2{stroke:var(--r2)}.r3{stroke:var(--r3)}"
    ".r4{stroke:var(--r4)}.r5{stroke:var(--r5)}.r6{stroke:var(--r6)}.r7{stroke:var(--r7)}\n"
    ".h0{fill:var(--h0)}.h1{fill:var(--h1)}.h2{fill:var(--h2)}.h3{fill:var(--h3)}"
    ".h4{fill:var(--h4)}.h5{fill:var(--h5)}.h6{fill:var(--h6)}\n"
    "svg .c0{fill:var(--c0)}svg .c1{fill:var(--c1)}svg .c2{fill:var(--c2)}"
    "svg .c3{fill:var(--c3)}svg .c4{fill:var(--c4)}svg .c5{fill:var(--c5)}"
    "svg .c6{fill:var(--c6)}\n"
    ".key .h0{stroke:var(--rule)}\n"
    ".best,.key .best{stroke:var(--ink);stroke-width:2}\n"
    "svg .cell{font-size:10.5px}\n"
    "svg .rank-text{font-size:10px}\n"
    "svg .name{font-size:12px}\n";

static const char paper[] =
    "@page{size:A4;margin:14mm 13mm}\n"
    "@media print{:root{color-scheme:light}"
    "body{max-width:none;padding:0;font-size:10.5pt;-webkit-print-color-adjust:exact;"
    "print-color-adjust:exact}\n"
    "nav,summary,details{display:none}\n"
    ".scroll{overflow:visible}.scroll>svg{min-width:0}\n"
    "h1,h2,h3,caption,main p{break-after:avoid}tr,.tiles,.short{break-inside:avoid}\n"
    "h2{margin-top:1.5rem}figure{margin:1.2rem 0}\n"
    "table{font-size:8pt}th,td{padding-right:.4rem}.tiles{grid-template-columns:repeat(5,1fr);gap:."
    "4rem}dd{font-size:1.15rem}thead{display:table-header-group}}\n"
    "@media screen and (max-width:40rem){nav ol{columns:1}h1{font-size:1.6rem}}\n";

void zc_page_style_write(zc_buffer *to) {
  zc_buffer_text(to, "<style>\n");
  zc_buffer_text(to, light);
  zc_buffer_text(to, dark);
  zc_buffer_text(to, text);
  zc_buffer_text(to, figures);
  zc_buffer_text(to, charts);
  zc_buffer_text(to, paper);
  zc_buffer_text(to, "</style>\n");
}
