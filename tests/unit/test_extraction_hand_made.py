"""Pages of frameworks without telling names, of notebooks and by hand: the article, its title and its day."""

import pytest

from tests.unit.extraction_pages import Page, differences

PAGES = [
    Page(
        "Gatsby starter blog",
        "https://ada.example/lifting/",
        "Lifting, slowly",
        "2019-05-28",
        """<!DOCTYPE html><html lang="en"><head><title>Lifting, slowly | Ada Hives</title><meta property="og:title"
content="Lifting, slowly"/></head><body><div id="___gatsby"><div style="outline:none" tabindex="-1"
id="gatsby-focus-wrapper"><div class="global-wrapper" data-is-root-path="false"><header class="global-header"><a
class="header-link-home" href="/">Ada Hives</a></header><main>
        <article class="blog-post" itemscope="" itemtype="http://schema.org/Article"><header><h1
itemprop="headline">Lifting, slowly</h1><p>May 28, 2019</p></header><section
itemprop="articleBody">⟦<p>@3</p><p>@1</p><h2>Gloves</h2><p>@2</p><ul><li>leather</li><li>none</li></ul>⟧</section
><hr/><footer><div class="bio"><img/><p>Written by <strong>Ada Quill</strong> who keeps bees beside a wall. <a
href="https://twitter.example">You should follow her</a></p></div></footer></article>
        <nav class="blog-post-nav"><ul style="display:flex"><li><a rel="prev" href="/a/">←
Smoke</a></li><li></li></ul></nav></main><footer>© <!-- -->2024<!-- -->, Built with<!-- --> <a
href="https://www.gatsbyjs.com">Gatsby</a></footer></div></div></div></body></html>""",
    ),
    Page(
        "Next.js with CSS modules",
        "https://ada.example/writing/counting",
        "Counting what comes home",
        "2022-04-17",
        """<!DOCTYPE html><html lang="en"><head><meta charSet="utf-8"/><title>Counting what comes home – Ada
Quill</title></head><body><div id="__next"><div class="Layout_wrap__3kQx"><div class="Nav_root__9aZ"><a
class="Nav_logo__Zk1" href="/">Ada Quill</a><a class="Nav_item__p0" href="/writing">Writing</a><a class="Nav_item__p0"
href="/talks">Talks</a></div><div class="Post_root__1bC"><div class="Post_head__88x"><h1 class="Post_h1__2sD">Counting
what comes home</h1><div class="Post_sub__Kd2"><span>April 17, 2022</span><span class="Post_dot__1">•</span><span>5
min read</span></div></div><div class="Post_body__u7F">⟦<p class="Text_p__9d">@1</p><p class="Text_p__9d">@7</p><h2
class="Text_h2__1">The board</h2><p class="Text_p__9d">@2</p><div class="Note_root__77"><p>A note that’s set in a box:
wash the board.</p></div><p class="Text_p__9d">@9</p>⟧</div><div class="Post_foot__0a"><a
href="https://twitter.example/intent">Discuss on Twitter</a> • <a href="https://github.example/edit">Edit on
GitHub</a></div></div><div class="Foot_root__1z"><p>© 2024 Ada Quill. <a
href="/rss.xml">RSS</a></p></div></div></div><script id="__NEXT_DATA__"
type="application/json">{"props":{"pageProps":{"post":{"date":"2001-01-01"}}}}</script></body></html>""",
    ),
    Page(
        "Next.js with Tailwind",
        "https://ada.example/blog/start-again",
        "Two instead of one | a sum",
        "2024-05-03",
        """<!DOCTYPE html><html lang="en" class="dark"><head><title>Two instead of one | a sum | Ada
Quill</title><meta
property="og:title" content="Two instead of one | a sum"/></head><body class="antialiased max-w-xl mx-4 mt-8
lg:mx-auto"><main class="flex-auto min-w-0 mt-6 flex flex-col px-2 md:px-0"><aside class="-ml-[8px] mb-16
tracking-tight"><div class="lg:sticky lg:top-20"><nav class="flex flex-row items-start relative px-0 pb-0"
id="nav"><div class="flex flex-row space-x-0 pr-10"><a class="transition-all flex align-middle relative py-1 px-2 m-1"
href="/">home</a><a class="py-1 px-2" href="/blog">blog</a></div></nav></div></aside>
        <section><script
type="application/ld+json">{"@context":"https://schema.org","@type":"BlogPosting",
"headline":"Two instead of one | a sum","datePublished":"2024-05-03","dateModified":"2024-06-09",
"author":{"@type":"Person","name":"Ada Quill"}}</script
><h1 class="title font-semibold text-2xl tracking-tighter">Two instead of one | a sum</h1><div class="flex
justify-between items-center mt-2 mb-8 text-sm"><p class="text-sm text-neutral-600 dark:text-neutral-400">May 3, 2024
(6mo ago)</p></div><article class="prose">⟦<p>@6</p><h2 id="sum">⟧<a href="#sum" class="anchor"></a>⟦The
sum</h2><p>@4</p><pre><code><span
class="sh__line"><span>one</span><span> + </span><span>one</span></span></code></pre><p>@7</p>⟧</article></section>
        <footer class="mb-16"><ul class="font-sm mt-8 flex flex-col space-x-0"><li><a class="flex items-center"
href="/rss"><svg></svg><p class="ml-2 h-7">rss</p></a></li></ul><p class="mt-8 text-neutral-600">© 2024 MIT
Licensed</p></footer></main></body></html>""",
    ),
    Page(
        "Astro starter blog",
        "https://ada.example/blog/willow/",
        "Willow week",
        "2022-07-08",
        """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="generator" content="Astro
v4.0.6"><title>Willow
week</title><style>main[data-astro-cid-bvzihdzo]{width:100%}</style></head><body data-astro-cid-bvzihdzo><header
data-astro-cid-3ef6ksr2><nav><h2><a href="/">Astro Hive</a></h2><div class="internal-links"><a href="/">Home</a><a
class="active" href="/blog">Blog</a></div></nav></header><main data-astro-cid-bvzihdzo><article
data-astro-cid-bvzihdzo><div class="hero-image"><img width="1020" src="/b.jpg" alt=""></div><div class="prose"><div
class="title"><div class="date"><time datetime="2022-07-08T00:00:00.000Z">Jul 8, 2022</time><div
class="last-updated-on">Last updated on <time datetime="2023-07-09T00:00:00.000Z">Jul 9,
2023</time></div></div><h1>Willow week</h1><hr></div>⟦<p>@2</p><h2
id="pollen">Pollen</h2><p>@3</p><blockquote><p>Yellow on the board is brood in the box.<br>— <cite>the club’s
almanac</cite></p></blockquote><ol><li>Look</li><li>Wait</li></ul><p>@9</p>⟧</div></article></main><footer>&copy; 2024
Ada Quill. All rights reserved.<div class="social-links"><a href="https://m.example"><span class="sr-only">Follow
Astro on Mastodon</span></a></div></footer></body></html>""".replace("</li></ul><p>@9", "</li></ol><p>@9"),
    ),
    Page(
        "Bear blog",
        "https://ada.bearblog.example/short-note/",
        "A short note on gloves",
        "2024-02-11",
        """<!DOCTYPE html><html lang="en"><head><title>A short note on gloves | Ada writes</title><meta
name="title" content="A
short note on gloves"/><meta property="og:title" content="A short note on gloves"></head><body class="post"><header><a
class="title" href="/"><h1>Ada writes</h1></a><nav><p><a href="/">Home</a> <a
href="/blog/">Blog</a></p></nav></header><main><h1>A short note on gloves</h1><p><i><time datetime="2024-02-11T09:12Z"
pubdate>11 Feb, 2024</time></i></p>⟦<p>I took them off today. It was eleven degrees and there was no wind, and I have
nothing to report but two scratches.</p><p>Both were my fault.</p>⟧<p class="tags"><a
href="/blog/?q=gloves">#gloves</a></p><form id="upvote-form"><button class="upvote-button" title="Toast this
post"><small class="upvote-count">7</small></button></form></main><footer><span>Powered by <a
href="https://bearblog.dev">Bear ʕ•ᴥ•ʔ</a></span></footer></body></html>""",
    ),
    Page(
        "by hand, without any semantic element",
        "http://ada.example/essays/neighbours.html",
        "What the Neighbours Think",
        "2004-06-01",
        """<html><head><title>What the Neighbours Think</title></head><body bgcolor="#ffffff"><p><a
href="index.html">Home</a> |
<a href="essays.html">Essays</a> | <a href="cv.html">CV</a></p><h2>What the Neighbours Think</h2><p><i>June
2004</i></p>⟦<p>@1<p>@2<p>@4<h3>Afterwards</h3><p>@6<p>One last thing, for those who asked: <a
href="http://hive.example/plans.pdf">the plans of the hive</a>.⟧<hr><p><a href="index.html">Home</a> | <a
href="essays.html">Essays</a></p></body></html>""",
    ),
    Page(
        "an old layout of tables",
        "http://ada.example/honey.html",
        "Honey and Money",
        "2005-03-15",
        """<html><head><title>Honey and Money</title></head><body><table border="0" cellpadding="0"
width="100%"><tr><td
colspan="3" bgcolor="#eeeecc"><font size="5"><a href="/">Ada's Hive Page</a></font></td></tr><tr><td width="120"
valign="top"><table><tr><td><a href="a.html">Bees</a></td></tr><tr><td><a href="b.html">Honey</a></td></tr><tr><td><a
href="c.html">Guestbook</a></td></tr></table></td><td width="26"></td><td valign="top"><font size="2"
face="verdana"><b><font size="4">Honey and Money</font></b><br><br>March 15, 2005<br><br>⟦@4<br><br>@2<br><br><b>What
it costs</b><br><br>@7<br><br>@6<br><br><b>Notes</b><br><br>[1] Half a kilogram each.<br><br>[2] My neighbour says
more.⟧</font></td></tr><tr><td colspan="3"><font size="1">Copyright 2005 <a href="mailto:a@hives.example">Ada
Quill</a></font></td></tr></table></body></html>""",
    ),
    Page(
        "tufte-css with sidenotes",
        "https://ada.example/tufte/hive-tool/",
        "The hive tool",
        "2018-01-30",
        """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><title>The hive tool</title><link
rel="stylesheet"
href="tufte.css"/></head><body><article><h1 id="tool">The hive tool</h1><p class="subtitle">Ada Quill</p><p><span
class="date">January 30, 2018</span></p><section>⟦<div class="epigraph"><blockquote><p>Give me a
lever.</p><footer>Archimedes, <cite>perhaps</cite></footer></blockquote></div><p><span class="newthought">The
first</span> tool I owned was a screwdriver.<label for="sn-1" class="margin-toggle sidenote-number"></label>⟧<input
type="checkbox" id="sn-1" class="margin-toggle"/>⟦<span class="sidenote">It is still in the shed.</span>
@3</p></section><section><h2>Levers</h2><p>@2<label for="mn-1" class="margin-toggle">⊕</label><span
class="marginnote">Bent ones are better.</span></p><figure class="fullwidth"><img src="t.png"
alt="tool"/><figcaption>Three tools.</figcaption></figure><p>@6</p></section>⟧</article></body></html>""",
    ),
    Page(
        "Distill",
        "https://pub.distill.example/2020/brood/",
        "How brood keeps warm",
        "2020-03-10",
        """<!doctype html><html><head><title>How brood keeps warm</title><meta name="citation_title" content="How
brood keeps
warm"><meta name="citation_publication_date" content="2020/03/10"><meta property="article:published"
content="2020-03-10T20:00:00.000Z"></head><body distill-prerendered><distill-header distill-prerendered><div
class="content"><a href="/" class="logo">Distill</a><nav class="nav"><a
href="/about/">About</a></nav></div></distill-header><d-front-matter><script
type="text/json">{"title":"How brood keeps warm"}</script></d-front-matter><d-title><h1>How brood keeps
warm</h1><p>Thirty-five degrees, give or take a shiver.</p></d-title><d-byline><div class="byline grid"><div
class="authors-affiliations grid"><h3>Authors</h3><h3>Affiliations</h3><p class="author">Ada
Quill</p></div><div><h3>Published</h3><p>March 10,
2020</p></div><div><h3>DOI</h3><p>10.0/brood</p></div></div></d-byline>
        <d-article>⟦<p>@7</p><p>Shivering costs honey<d-footnote>About a spoon on a cold night.</d-footnote> and they
know it <d-cite key="heinrich"></d-cite>. @5</p><h2>Insulation</h2><p>@2</p><figure
class="l-body"><svg><text>chart</text></svg><figcaption>The heat, mapped at
night.</figcaption></figure><p>@9</p>⟧</d-article>
        <d-appendix>⟦<h3>Acknowledgments</h3><p>The club lent the camera.</p>⟧</d-appendix><distill-footer><div
class="container"><div>Distill is dedicated to clear explanations</div></div></distill-footer></body></html>""",
    ),
    Page(
        "a README on GitHub Pages",
        "https://ada.github.example/hive-scale/",
        "hive-scale",
        None,
        """<!DOCTYPE html><html lang="en-US"><head><meta charset="UTF-8"><title>hive-scale | Weighs a hive and says
so.</title><meta property="og:title" content="hive-scale"/><meta name="description" content="Weighs a hive and says
so."></head><body><div class="wrapper"><header><h1><a
href="https://ada.github.example/hive-scale/">hive-scale</a></h1><p>Weighs a hive and says so.</p><p class="view"><a
href="https://github.example/ada/hive-scale">View the Project on GitHub
<small>ada/hive-scale</small></a></p></header><section>⟦<p>@7</p><h2 id="install">Install</h2><div class="language-sh
highlighter-rouge"><div class="highlight"><pre class="highlight"><code>pip <span class="nb">install </span>hive-scale
</code></pre></div></div><h2 id="why">Why</h2><p>@2</p><table><thead><tr><th>sensor</th><th style="text-align:
right">grams</th></tr></thead><tbody><tr><td>HX711</td><td style="text-align:
right">50</td></tr></tbody></table><p>@6</p>⟧</section><footer><p><small>Hosted on GitHub Pages &mdash; Theme by <a
href="https://github.com/orderedlist">orderedlist</a></small></p></footer></div></body></html>""",
    ),
    Page(
        "a notebook by nbconvert",
        "https://ada.example/nb/weights.html",
        "Weights of a hive",
        None,
        """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><title>weights</title></head><body
class="jp-Notebook"
data-jp-theme-light="true"><main><div class="jp-Cell jp-MarkdownCell jp-Notebook-cell"><div
class="jp-Cell-inputWrapper" tabindex="0"><div class="jp-Collapser jp-InputCollapser
jp-Cell-inputCollapser"></div><div class="jp-InputArea jp-Cell-inputArea"><div class="jp-InputPrompt
jp-InputArea-prompt"></div><div class="jp-RenderedHTMLCommon jp-RenderedMarkdown jp-MarkdownOutput"
data-mime-type="text/markdown"><h1 id="Weights">Weights of a hive<a class="anchor-link"
href="#Weights">¶</a></h1>⟦<p>@7</p></div></div></div></div>
        <div class="jp-Cell jp-CodeCell jp-Notebook-cell"><div class="jp-Cell-inputWrapper"><div class="jp-InputArea
jp-Cell-inputArea">⟧<div class="jp-InputPrompt jp-InputArea-prompt">In [1]:</div>⟦<div class="jp-CodeMirrorEditor
jp-Editor jp-InputArea-editor"><div class="cm-editor cm-s-jupyter"><div class="highlight
hl-ipython3"><pre><span></span><span class="kn">import</span> <span class="nn">scale</span>
<span class="n">scale</span><span class="o">.</span><span class="n">read</span><span class="p">()</span>
</pre></div></div></div></div></div><div class="jp-Cell-outputWrapper"><div class="jp-OutputArea
jp-Cell-outputArea"><div class="jp-OutputArea-child jp-OutputArea-executeResult">⟧<div class="jp-OutputPrompt
jp-OutputArea-prompt">Out[1]:</div>⟦<div class="jp-RenderedText jp-OutputArea-output
jp-OutputArea-executeResult"><pre>18.25</pre></div></div></div></div></div>
        <div class="jp-Cell jp-MarkdownCell"><div class="jp-InputArea"><div class="jp-RenderedHTMLCommon
jp-RenderedMarkdown"><p>@2</p><p>In <em>weeks</em>: $w = \\frac{d}{7}$, as
before.</p><table><thead><tr><th>week</th><th>kg</th></tr></thead><tbody><tr><td>9</td><td>18</td></tr></tbody></table
><p>@6</p>⟧</div></div></div></main></body></html>""",
    ),
    Page(
        "a note of what was learned today",
        "https://til.ada.example/bees/spreadsheet-dates",
        "Dates in a hive spreadsheet",
        "2021-01-14",
        """<!DOCTYPE
html><html><head><title>Dates in a hive spreadsheet | Ada’s TILs</title></head><body><header><nav><p
class="crumbs"><a href="/">Ada’s TILs</a></p></nav></header><section class="body"><h1>Dates in a hive
spreadsheet</h1>⟦<p>Write them as text:</p><pre><code>="2021-01-14"
</code></pre><p>Else the ninth of April becomes a fraction. @2</p><ul><li><a href="https://a.example/1">Dates, the
long story</a></li><li><a href="https://a.example/2">A plea for ISO 8601</a></li></ul>⟧<p class="created">Created
2021-01-14T08:10:11+00:00, updated 2022-02-02T10:11:12+00:00 · <a href="https://github.example/commits">History</a> ·
<a href="https://github.example/edit">Edit</a></p></section><footer><p>© Ada</p></footer></body></html>""",
    ),
    Page(
        "a hand-made theme with a bare time",
        "https://ada.example/2023/10/06/question.html",
        "Open with a question",
        "2023-10-06",
        """<!DOCTYPE html><html lang='en-US'><head><meta charset='utf-8'><title>Open with a question</title><link
rel='canonical'
href='https://ada.example/2023/10/06/question.html'></head><body><header><nav><a class='title' href='/'>ada</a><a
href='/about.html'>About</a><a href='/links.html'>Links</a></nav></header><main><article><h1><span>Open with a
question</span> <time class='meta' datetime='2023-10-06'>Oct 6, 2023</time></h1>⟦<p><span>@9</span></p><aside
class='block'><div class='title'>Update</div><p>Since I wrote this, two people have proved me
wrong.</p></aside><section id='Ask'><h2><a href='#Ask'>Ask</a></h2><p>@1</p><figure
class='code-block'><pre><code><span class='line'><span
class='hl-keyword'>let</span> q = 1;</span></code></pre></figure><figure class='blockquote'><blockquote><p>Ask the
bees.</p></blockquote><figcaption><cite>Anon</cite></figcaption></figure><p>@3</p><ol class="callout-list"><li>Where
is the queen?</li></ol></section>⟧</article></main><footer class='site-footer'><p><a
href='https://github.example/fix'>Fix typo</a> <a href='/feed.xml'>Subscribe</a> <a href='mailto:a@hives.example'>Get
in touch</a></p></footer></body></html>""",
    ),
    Page(
        "an article that is one list",
        "https://ada.example/rules/",
        "Twelve rules",
        "2022-01-01",
        """<!DOCTYPE html><html lang="en"><head><title>Twelve rules · Ada Quill</title></head><body><div
class="top"><a
href="/">Ada Quill</a> <a href="/about">About</a></div><div class="wrap"><h1>Twelve rules</h1><p class="meta">Posted
on 1st January 2022</p>⟦<ul><li>Open the hive with a question.</li><li>Close it when you have the
answer.</li><li>Write down the weather before you look.</li><li>Never hurry; crushed bees smell of
trouble.</li><li>Two hives teach more than one.</li><li>Treat by numbers, not by the calendar, and never by what was
said at the club.</li><li>Label every jar on the day.</li><li>Keep candy in the shed from November on.</li><li>Lift
with two fingers.</li><li>Don’t lend a queen.</li><li>Tell them the news, good or bad.</li><li>Stop at
dusk.</li></ul>⟧<p><a href="/rules-2021/">← Last year’s rules</a></p></div><div id="foot">© Ada Quill
2022</div></body></html>""",
    ),
    Page(
        "an article full of links",
        "https://ada.example/2021/12/links-of-the-year/",
        "Links of the year",
        "2021-12-30",
        """<!DOCTYPE html><html lang="en"><head><title>Links of the year - Ada Quill</title><meta name="date"
content="2021-12-30"></head><body><div id="header"><a href="/">Ada Quill</a></div><div id="main"><div class="post"><h1
class="post-title">Links of the year</h1><div class="entry">⟦<p>What I read about bees while it rained, and what I’d
read again.</p><ul><li><a href="https://a.example/1">The dance and the sun</a></li><li><a href="https://a.example/2">A
colony as a mind</a></li><li><a href="https://b.example/3">How the mite came over</a></li><li><a
href="https://c.example/4">Honey before sugar</a></li></ul><p>And, longer: <a href="https://d.example/5">the diaries
of a keeper in Wales</a>, which are <a href="https://d.example/6">also</a> printed. @8</p><h2>To watch</h2><ul><li><a
href="https://e.example/7">A swarm, filmed from within</a></li><li><a href="https://e.example/8">Smoke in slow
motion</a></li></ul><p>@6</p>⟧</div><div class="post-links"><a href="/2020/12/links/">Previous: links of 2020</a> <a
href="/2022/01/rules/">Next: twelve rules</a></div></div></div><div id="footer">Theme by
nobody</div></body></html>""",
    ),
    Page(
        "tweets quoted, formulas and an author box without telling names",
        "https://ada.example/p/heat",
        "Heat",
        "2023-01-19",
        """<!DOCTYPE html><html lang="en"><head><title>Heat — Ada Quill</title><meta name="twitter:title"
content="Heat"></head><body><div class="shell"><div class="masthead"><span><a href="/">Ada Quill</a></span></div><div
class="content-area"><h1>Heat</h1><p>January 19, 2023 by Ada Quill</p>⟦<p>@5</p><blockquote class="twitter-tweet"><p
lang="en" dir="ltr">They shiver at thirty-five degrees.</p>— A. Keeper (@keeper) <a
href="https://twitter.com/keeper/status/1">January 2, 2023</a></blockquote>⟧<script async
src="https://platform.twitter.com/widgets.js"></script>⟦<p>The loss is <span class="katex">⟧<span
class="katex-mathml"><math><semantics><mrow><mi>q</mi></mrow><annotation
encoding="application/x-tex">⟦q⟧</annotation></semantics></math></span><span class="katex-html"
aria-hidden="true"><span class="base">q</span></span>⟦</span> per night. @7</p><p>@2</p>⟧<div class="abox"><p>Share
this article:</p><a href="https://f.example/share">Facebook</a> <a
href="https://t.example/share">Twitter</a></div></div></div><div class="lower"><p>You might also like</p><ul><li><a
href="/p/cold">Cold</a></li><li><a href="/p/candy">Candy on paper</a></li></ul></div></body></html>""",
    ),
    Page(
        "utility classes and notes at the end",
        "https://ada.example/articles/notebooks",
        "Notebooks",
        "2020-10-02",
        """<!DOCTYPE html><html lang="en"><head><title>Notebooks — ada.example</title><meta property="og:title"
content="Notebooks"><meta property="og:type" content="article"></head><body class="dark:bg-gray-900"><div
class="container mx-auto"><div class="my-6"><a class="font-bold" href="/">ada.example</a><div class="text-sm"><a
href="/articles">Articles</a> <a href="/atoms">Atoms</a></div></div><div class="max-w-[700px]"><h1
class="text-4xl">Notebooks</h1><div class="italic text-sm">Oct 2, 2020</div><div class="prose md:prose-lg"
id="content">⟦<p>@2</p><p>@1<sup id="footnote-1-source"><a href="#footnote-1">1</a></sup></p><h2 id="paper"
class="link"><a class="border-b-0" href="#paper">Paper</a></h2><p>@9</p>⟧</div><div class="footnotes text-sm">⟦<p><sup
id="footnote-1"><a href="#footnote-1-source">1</a></sup> Sixty grams a sheet, unlined.</p>⟧</div><div class="mt-8
text-sm"><p>Did I make a mistake? Please consider <a href="https://github.example/edit">sending a pull
request</a>.</p></div></div></div></body></html>""",
    ),
    Page(
        "comments before the footer in an article of their own",
        "https://ada.example/archives/81",
        "Smoke signals",
        "2012-08-15",
        """<!DOCTYPE html><html lang="en"><head><title>Ada Quill &raquo; Blog Archive &raquo; Smoke
signals</title></head><body><div id="page"><div id="header"><h1><a href="/">Ada Quill</a></h1><div
class="description">Bees and walls</div></div><hr /><div id="content" class="widecolumn"><div class="navigation"><div
class="alignleft">&laquo; <a href="/archives/80">Limes</a></div><div class="alignright"></div></div><div class="post"
id="post-81"><h2>Smoke signals</h2><div class="entry">⟦<p>@3</p><p>@4</p><p>@8</p>⟧<p class="postmetadata
alt"><small>This entry was posted on Wednesday, August 15th, 2012 at 9:15 pm and is filed under <a href="/cat/smoke"
rel="category tag">Smoke</a>. You can follow any responses to this entry through the <a href="/feed">RSS 2.0</a>
feed.</small></p></div></div>
        <h3 id="comments">2 Responses to &#8220;Smoke signals&#8221;</h3><ol class="commentlist"><li class="alt"
id="comment-1"><cite><a href="x">Tom</a></cite> Says:<br /><small class="commentmetadata"><a href="#comment-1">August
16th, 2012 at 7:00 am</a></small><p>Mine run at the sight of the bellows, which I count as a success of a
sort.</p></li></ol><h3 id="respond">Leave a Reply</h3><form
action="c.php"><p><textarea></textarea></p></form></div><hr /><div id="footer"><p>Ada Quill is proudly powered by <a
href="https://wordpress.org/">WordPress</a><br /><a href="/feed">Entries (RSS)</a> and <a href="/c">Comments
(RSS)</a>.</p></div></div></body></html>""",
    ),
]


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_page_without_telling_names_gives_its_article_and_nothing_else(page: Page):
    assert differences(page) == []
