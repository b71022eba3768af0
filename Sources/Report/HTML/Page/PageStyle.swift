/// The look of every page: hand-written CSS, calm colours that colour-blind readers tell apart.
enum PageStyle {
  static let text = palette + layout + parts + paper

  private static let palette = """
    :root{--bg:#faf9f6;--panel:#fff;--ink:#1f2730;--dim:#5c6873;--line:#e2ddd3;--grid:#ece8df;
    --blue:#0b6aa6;--orange:#b8541a;--band:#0b6aa61c;--shade:#00000014;
    --id-f:#eef2f4;--id-s:#71828f;--ro-f:#d8e9f4;--ro-s:#0b6aa6;--re-f:#fbe7bd;--re-s:#96650a;
    --st-f:#f8cfbd;--st-s:#b23b0e;--in-f:#ebe0f2;--in-s:#7a519b;--mi-f:#fff;--mi-s:#8a8a8a;
    --nf-f:#33272f;--nf-s:#33272f;--nf-t:#fff}
    @media screen and (prefers-color-scheme:dark){:root{--bg:#14181c;--panel:#1b2127;--ink:#e4e7ea;
    --dim:#98a4af;--line:#303942;--grid:#262e35;--blue:#6db6e6;--orange:#f0965a;--band:#6db6e626;
    --shade:#0006;--id-f:#262e35;--id-s:#8797a4;--ro-f:#17344a;--ro-s:#6db6e6;--re-f:#463713;
    --re-s:#e3b341;--st-f:#562413;--st-s:#ff9468;--in-f:#362943;--in-s:#c39be0;--mi-f:#1b2127;
    --mi-s:#8a8a8a;--nf-f:#f1e6ec;--nf-s:#f1e6ec;--nf-t:#1b1418}}
    .v-identical{--f:var(--id-f);--s:var(--id-s)}.v-rounding{--f:var(--ro-f);--s:var(--ro-s)}
    .v-reduced{--f:var(--re-f);--s:var(--re-s)}.v-structural{--f:var(--st-f);--s:var(--st-s)}
    .v-inherited{--f:var(--in-f);--s:var(--in-s)}.v-missing{--f:var(--mi-f);--s:var(--mi-s)}
    .v-nonfinite{--f:var(--nf-f);--s:var(--nf-s);--t:var(--nf-t)}

    """

  private static let layout = """
    *{box-sizing:border-box}html{-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--bg);color:var(--ink);
    font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    header,nav,main,footer{max-width:1340px;margin:0 auto;padding:0 20px}
    header{padding-top:28px}h1{font-size:25px;line-height:1.25;margin:0 0 12px;font-weight:650}
    h1,h2,h3,p,li,blockquote{overflow-wrap:anywhere}
    h2{font-size:19px;margin:0 0 10px;font-weight:650}
    h3{font-size:15px;margin:22px 0 6px;font-weight:650}
    nav{position:sticky;top:0;z-index:2;padding-top:9px;padding-bottom:9px;background:var(--bg);
    white-space:nowrap;overflow-x:auto;scrollbar-width:none}
    nav a{margin-right:16px;color:var(--dim);text-decoration:none}
    nav a:hover,nav a:focus{color:var(--blue)}
    section{background:var(--panel);border:1px solid var(--line);border-radius:10px;
    padding:20px;margin:0 0 18px;scroll-margin-top:46px}
    footer{padding-top:6px;padding-bottom:44px;color:var(--dim)}
    .legend{list-style:none;padding:0;display:grid;gap:7px 24px;
    grid-template-columns:repeat(auto-fill,minmax(300px,1fr))}
    dl.facts{display:grid;grid-template-columns:auto 1fr;gap:2px 16px;margin:0 0 14px}
    dl.facts dt{color:var(--dim)}dl.facts dd{margin:0;overflow-wrap:anywhere}
    p.note,figcaption{color:var(--dim);margin:4px 0 8px;font-size:13.5px}
    .cards{display:grid;gap:12px;grid-template-columns:repeat(auto-fit,minmax(270px,1fr));
    margin:0 0 12px}
    .card{display:block;background:var(--panel);border:1px solid var(--line);
    border-left:5px solid var(--s);border-radius:8px;padding:12px 14px;color:inherit;
    text-decoration:none}.card:hover{border-color:var(--s)}.card h3{margin:0 0 4px}
    .card p{margin:6px 0 0;font-size:13.5px;color:var(--dim);overflow-wrap:anywhere}
    @media (max-width:560px){header,nav,main,footer{padding-left:12px;padding-right:12px}
    section{padding:14px 12px}h1{font-size:21px}}

    """

  private static let parts = """
    .badge{display:inline-block;font-size:12.5px;line-height:1.5;font-weight:500;padding:0 8px;
    border-radius:10px;border:1px solid var(--s);background:var(--f);color:var(--t,var(--ink));
    white-space:nowrap}.badge.v-missing{border-style:dashed}
    figure{margin:0 0 8px}svg{display:block;max-width:100%}
    svg text{fill:var(--ink);font-size:11px}svg .dim{fill:var(--dim)}
    .scroll{overflow-x:auto;overscroll-behavior-x:contain}.scroll>svg{max-width:none}
    .axis{stroke:var(--line)}.grid{stroke:var(--grid)}
    .hit{fill:transparent}.hit:hover{fill:var(--shade)}
    .op rect,.op circle{fill:var(--f,var(--panel));stroke:var(--s,var(--line));stroke-width:1.3}
    .op text{text-anchor:middle;font-size:10px;fill:var(--t,var(--ink));pointer-events:none}
    .op.unseen rect{stroke-dasharray:2 3}.op.unseen text{fill:var(--dim)}
    .op.v-missing rect{stroke-dasharray:3 2}.wire{stroke:var(--dim);fill:none;opacity:.55}
    .op.v-structural rect,.op.v-nonfinite rect,.op.v-structural circle{stroke-width:2.6}
    .tiles{display:flex;flex-wrap:wrap;gap:10px;align-items:flex-start}
    .tiles svg{background:var(--bg);border-radius:8px}
    .cumulative{fill:none;stroke:var(--ink);stroke-width:1.6;opacity:.75}
    .band{fill:var(--band);stroke:var(--blue);stroke-opacity:.45;stroke-dasharray:3 3}
    .mark{fill:var(--f);stroke:var(--s);stroke-width:1.5}.bar{fill:var(--blue)}
    .bars{display:grid;grid-template-columns:auto 1fr auto;gap:3px 9px;align-items:center;
    max-width:860px;font-size:12px;margin:4px 0 8px}.bars .n{text-align:right}.bars .dim{color:var(--dim)}
    .track{display:flex;gap:1px}.track i{display:block;height:13px;min-width:1px}
    .track .bar{background:var(--blue)}.track .bar.other{background:var(--orange)}
    .bar.other{fill:var(--orange)}.spectrum{fill:none;stroke:var(--blue);stroke-width:1.6}
    .maps{display:grid;gap:16px 20px;grid-template-columns:repeat(auto-fit,minmax(min(100%,290px),1fr))}
    .maps h4{margin:0 0 3px;font-size:13.5px;font-weight:600;overflow-wrap:anywhere}
    canvas{display:block;width:100%;height:170px;image-rendering:pixelated;border-radius:4px;
    background:var(--shade)}canvas.tall{height:210px}
    .scale{display:flex;gap:8px;align-items:center;font-size:12px;color:var(--dim);margin:4px 0}
    .scale i{flex:1;height:7px;border-radius:3px}
    table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;width:100%}
    th,td{padding:3px 9px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}
    th{cursor:pointer;color:var(--dim);font-weight:500;background:var(--panel);user-select:none}
    th:hover,th:focus{color:var(--blue)}th[aria-sort=ascending]:after{content:" ↑"}
    th[aria-sort=descending]:after{content:" ↓"}th.l,td.l{text-align:left}
    tbody tr:hover{background:var(--shade)}td.wrap{white-space:normal;min-width:220px}
    button{font:inherit;font-size:12.5px;color:var(--dim);background:none;cursor:pointer;
    border:1px solid var(--line);border-radius:6px;padding:1px 9px;margin:4px 0}
    button:hover,button:focus{color:var(--blue);border-color:var(--blue)}
    #tip{position:fixed;z-index:9;max-width:340px;white-space:pre-line;pointer-events:none;
    background:var(--ink);color:var(--bg);border-radius:6px;padding:6px 10px;font-size:12.5px;
    line-height:1.4;box-shadow:0 3px 14px #0005}summary{cursor:pointer;color:var(--dim)}
    blockquote{margin:4px 0;padding:3px 12px;border-left:3px solid var(--line)}
    code{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.92em}

    """

  private static let paper = """
    @media (max-width:560px){table{font-size:12px}th,td{padding:3px 6px}}
    @media print{:root{color-scheme:light}nav,button{display:none}body{background:#fff;font-size:12px}
    section{border:0;padding:6px 0;break-inside:auto}h2,h3,h4{break-after:avoid}
    figure,.card,tr,.maps,.maps>div{break-inside:avoid}
    table{font-size:9.5px}th,td{padding:2px 5px}td.wrap{min-width:110px}
    .scroll{overflow:visible}.scroll>svg{max-width:100%;height:auto}
    .maps{grid-template-columns:repeat(3,1fr)}.tiles svg{width:124px;height:auto}canvas{height:120px}
    *{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
    """
}
