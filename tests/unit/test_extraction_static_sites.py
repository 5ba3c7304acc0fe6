"""Pages as static site generators make them: every word of the article, no other word, its title and its day."""

import pytest

from tests.unit.extraction_pages import Page, differences

PAGES = [
    Page(
        "Hugo, PaperMod",
        "https://hives.example/posts/february/",
        "What February takes",
        "2023-02-20",
        """<!DOCTYPE html><html lang="en" dir="auto"><head><title>What February takes | Wall Hive</title><meta
name="author"
content="Ada Quill"><meta property="og:title" content="What February takes"/><meta property="article:published_time"
content="2023-02-20T00:00:00+00:00"/><meta property="article:modified_time" content="2024-01-01T00:00:00+00:00"/>
        <script
type="application/ld+json">{"@context":"https://schema.org","@type":"BreadcrumbList",
"itemListElement":[{"@type":"ListItem","position":1,"name":"Posts","item":"/posts/"}]}</script
><script
type="application/ld+json">{"@context":"https://schema.org","@type":"BlogPosting","headline":"What February takes",
"name":"What February takes","datePublished":"2023-02-20T00:00:00Z","dateModified":"2024-01-01T00:00:00Z",
"articleBody":"The cluster has eaten its way up"}</script
></head>
        <body id="top"><header class="header"><nav class="nav"><div class="logo"><a href="/" accesskey="h">Wall
Hive</a><button id="theme-toggle">x</button></div><ul id="menu"><li><a
href="/archives/"><span>Archive</span></a></li></ul></nav></header>
        <main class="main"><article class="post-single"><header class="post-header"><div class="breadcrumbs"><a
href="/">Home</a>&nbsp;»&nbsp;<a href="/posts/">Posts</a></div><h1 class="post-title entry-hint-parent">What February
takes</h1><div class="post-meta"><span title='2023-02-20'>February 20, 2023</span>&nbsp;·&nbsp;3 min&nbsp;·&nbsp;Ada
Quill&nbsp;|&nbsp;<a href="https://github.example/edit" rel="noopener noreferrer edit" target="_blank">Suggest
Changes</a></div></header>
        <div class="toc"><details><summary accesskey="c"><span class="details">Table of Contents</span></summary><div
class="inner"><ul><li><a href="#sun">The sun</a></li></ul></div></details></div>
        <div class="post-content">⟦<p>@5</p><h2 id="sun">The sun⟧<a hidden class="anchor" aria-hidden="true"
href="#sun">#</a>⟦</h2><p>@2<sup id="fnref:1"><a href="#fn:1" class="footnote-ref" role="doc-noteref">1</a></sup></p>
        <div class="highlight"><div class="chroma"><table class="lntable"><tr><td class="lntd">⟧<pre tabindex="0"
class="chroma"><code><span class="lnt">1
</span><span class="lnt">2
</span></code></pre>⟦</td><td class="lntd"><pre tabindex="0" class="chroma"><code class="language-go"
data-lang="go"><span class="line"><span class="cl"><span class="kd">func</span> <span class="nf">weigh</span><span
class="p">()</span> <span class="kt">int</span> <span class="p">{</span></span></span><span class="line"><span
class="cl">	<span class="k">return</span> <span class="mi">18</span> <span
class="p">}</span></span></span></code></pre></td></tr></table></div></div>
        <p>@6</p><div class="footnotes" role="doc-endnotes"><hr><ol><li id="fn:1"><p>Pencil, because of the
rain.&#160;<a href="#fnref:1" class="footnote-backref"
role="doc-backlink">&#x21a9;&#xfe0e;</a></p></li></ol></div>⟧</div>
        <footer class="post-footer"><ul class="post-tags"><li><a href="/tags/winter/">Winter</a></li></ul><nav
class="paginav"><a class="prev" href="/a"><span class="title">« Prev</span><br><span>Snow on the lid</span></a><a
class="next" href="/b"><span class="title">Next »</span><br><span>Linden</span></a></nav><ul
class="share-buttons"><li><a aria-label="share February on x"><svg></svg></a></li></ul></footer></article></main>
        <footer class="footer"><span>&copy; 2024 <a href="/">Wall Hive</a></span> <span>Powered by <a
href="https://gohugo.io/">Hugo</a> & <a href="x">PaperMod</a></span></footer></body></html>""",
    ),
    Page(
        "Hugo, Ananke",
        "https://hives.example/post/smoke/",
        "On smoke",
        "2018-04-03",
        """<!DOCTYPE html><html lang="en-us"><head><title>On smoke | Hives of Ada</title><meta property="og:title"
content="On
smoke"><meta itemprop="name" content="On smoke"></head>
        <body class="ma0 avenir bg-near-white production"><header><div class="bg-black"><nav class="pv3 ph3 ph4-ns"
role="navigation"><div class="flex-l center items-center justify-between"><a href="/" class="f3 fw2 hover-white
white-90 dib no-underline">Hives of Ada</a><ul class="pl0 mr3"><li class="list f5 f4-ns fw4 dib pr3"><a
href="/about/">About</a></li></ul></div></nav></div></header>
        <main class="pb7" role="main"><article class="flex-l mw8 center ph3 flex-wrap justify-between"><header
class="mt4 w-100"><aside class="instapaper_ignoref b helvetica tracked ttu">Posts</aside><div id="sharing" class="mt3
ananke-socials"><a href="t">Share on X</a></div><h1 class="f1 athelas mt3 mb1">On smoke</h1><p class="tracked">By
<strong>Ada Quill</strong></p><time class="f6 mv4 dib tracked" datetime="2018-04-03T00:00:00Z">April 3,
2018</time><span class="f6 mv4 dib tracked"> - 2 minutes read</span><span class="f6 mv4 dib tracked"> - 361
words</span></header>
        <div class="nested-copy-line-height lh-copy serif f4 nested-links mid-gray pr4-l
w-two-thirds-l">⟦<p>@3</p><blockquote><p>Smoke is a letter that says: fire, pack your
things.</p></blockquote><p>@9</p><dl><dt>Hessian</dt><dd>Burns slow and smells of sacks.</dd><dt>Pine
needles</dt><dd>Quick, and free.</dd></dl><p>@4</p>⟧<ul class="pa0"><li class="list di"><a href="/tags/smoke"
class="link f5">smoke</a></li></ul><div class="mt6 instapaper_ignoref"></div></div>
        <aside class="w-30-l mt6-l"><div class="bg-light-gray pa3 nested-list-reset"><p class="f5 b
mb3">Related</p><ul class="pa0 list"><li class="mb2"><a href="/post/frames/">Lifting
frames</a></li></ul></div></aside></article></main>
        <footer class="bg-black bottom-0 w-100 pa3" role="contentinfo"><a class="f4 fw4" href="/">&copy; Hives of Ada
2024</a></footer></body></html>""",
    ),
    Page(
        "Hugo, Hextra",
        "https://hives.example/blog/counting-mites/",
        "Counting mites: three days on a board",
        "2024-08-19",
        """<!DOCTYPE html><html lang="en" dir="ltr"><head><title>Counting mites: three days on a board –
Hives</title><meta
property="og:site_name" content="Hives"><meta itemprop="datePublished" content="2024-08-19T00:00:00+00:00"></head>
        <body dir="ltr"><div class="nav-container hx-sticky hx-top-0"><nav class="hx-mx-auto hx-flex"><a
class="hx-flex" href="/"><span>Hives</span></a><a href="/docs">Documentation</a><div class="search-wrapper"><input
placeholder="Search documentation..."/></div></nav></div>
        <div class="hx-mx-auto hx-flex hx-max-w-screen-xl"><aside class="sidebar-container hx-flex"><div
class="hextra-scrollbar"><ul><li><a href="/blog/other">Another post</a></li></ul></div></aside>
        <nav class="hextra-toc hx-order-last" aria-label="table of contents"><div><p>On this page</p><ul><li><a
href="#board">The board</a></li></ul><div><a href="https://github.example/edit">Edit this page on GitHub
→</a><button>Scroll to top</button></div></div></nav>
        <article class="hx-w-full hx-break-words hx-flex"><main class="hx-mt-4 hx-w-full hx-min-w-0"><div
class="hx-mt-1.5 hx-flex hx-items-center"><div class="hx-whitespace-nowrap"><a
href="/blog">Blog</a></div><svg></svg><div>Counting mites: three days on a board</div></div>
        <h1 class="hx-mt-2 hx-text-4xl hx-font-bold">Counting mites: three days on a board</h1><div class="hx-mt-4
hx-mb-16 hx-text-gray-500 hx-text-sm hx-flex"><span class="hx-mr-1">August 19, 2024</span><span
class="hx-mx-1">·</span><a href="/about" class="hx-inline-flex">Ada Quill</a></div>
        <div class="content">⟦<p>@7</p><h2>The board<span class="hx-absolute -hx-mt-20" id="board"></span>⟧<a
href="#board" class="subheading-anchor" aria-label="Permalink for this section"></a>⟦</h2><p>@3</p>
        <div class="hextra-callout hx-overflow-x-auto hx-mt-6 hx-flex hx-rounded-lg"><div
class="hx-py-2"><svg></svg></div><div class="hx-w-full hx-min-w-0"><div><p>Wash the board in soda, not in
soap.</p></div></div></div>
        <div class="hextra-code-block hx-relative"><div><div class="highlight"><pre tabindex="0" class="chroma"><code
class="language-python" data-lang="python"><span class="line"><span class="cl"><span class="n">mites</span> <span
class="o">=</span> <span class="mi">41</span></span></span></code></pre></div></div>⟧<div
class="hextra-code-copy-btn-container"><button class="hextra-code-copy-btn" title="Copy code"></button></div>⟦</div>
        <details class="last-of-type:hx-mb-0" open><summary>And for two hives?</summary><div class="hx-p-2"><p>Two
boards, two numbers, and no averaging.</p></div></details><p>@9</p>⟧</div>
        <div class="hx-mt-12 hx-mb-8 hx-block hx-text-xs ltr:hx-text-right">Last updated on <time
datetime="2025-01-02T10:00:00.000Z">January 2, 2025</time></div>
        <div class="hx-mb-8 hx-flex hx-items-center hx-border-t hx-pt-8"><a href="/blog/a" title="Snow on the lid"
class="hx-flex"><svg></svg>Snow on the lid</a><a href="/blog/b" title="A jar of linden" class="hx-flex
ltr:hx-ml-auto">A jar of linden<svg></svg></a></div></main></article></div>
        <footer class="hextra-footer hx-bg-gray-100"><div>Powered by Hextra</div></footer></body></html>""",
    ),
    Page(
        "Jekyll, minima",
        "https://ada.github.example/2019/07/28/a-jar-of-linden.html",
        "A jar of linden",
        "2019-07-28",
        """<!DOCTYPE html><html lang="en"><head><title>A jar of linden | Ada’s hives</title><meta name="generator"
content="Jekyll v3.9.0" /><meta property="og:title" content="A jar of linden" /><meta property="og:site_name"
content="Ada’s hives" /><meta property="article:published_time" content="2019-07-28T10:00:00+02:00" />
        <script
type="application/ld+json">{"@type":"BlogPosting","headline":"A jar of linden",
"dateModified":"2019-07-28T10:00:00+02:00","datePublished":"2019-07-28T10:00:00+02:00",
"@context":"https://schema.org"}</script
></head>
        <body><header class="site-header" role="banner"><div class="wrapper"><a class="site-title" rel="author"
href="/">Ada’s hives</a><nav class="site-nav"><div class="trigger"><a class="page-link"
href="/about/">About</a></div></nav></div></header>
        <main class="page-content" aria-label="Content"><div class="wrapper"><article class="post h-entry" itemscope
itemtype="http://schema.org/BlogPosting"><header class="post-header"><h1 class="post-title p-name" itemprop="name
headline">A jar of linden</h1><p class="post-meta"><time class="dt-published" datetime="2019-07-28T10:00:00+02:00"
itemprop="datePublished">Jul 28, 2019</time>•<span itemprop="author" itemscope><span class="p-author h-card"
itemprop="name">Ada Quill</span></span></p></header>
        <div class="post-content e-content" itemprop="articleBody">⟦<p>@4</p><h1 id="the-kitchen">The
kitchen</h1><p>@1 See <a href="https://limes.example">the lime survey</a>.</p><figure class="highlight"><pre><code
class="language-ruby" data-lang="ruby"><span class="k">def</span> <span class="nf">jars</span><span
class="p">;</span> <span class="mi">42</span><span class="p">;</span> <span
class="k">end</span></code></pre></figure><hr /><p>@8</p><h2 id="links">Links</h2><ul><li><a
href="https://a.example">Lime trees of the county</a></li><li><a href="https://b.example">A honey price
list</a></li></ul>⟧
        </div><a class="u-url" href="/2019/07/28/a-jar-of-linden.html" hidden></a></article></div></main>
        <footer class="site-footer h-card"><data class="u-url" href="/"></data><div class="wrapper"><h2
class="footer-heading">Ada’s hives</h2><div class="footer-col-wrapper"><ul class="contact-list"><li class="p-name">Ada
Quill</li><li><a class="u-email" href="mailto:a@hives.example">a@hives.example</a></li></ul><p>Notes from a wall with
hives.</p></div></div></footer></body></html>""",
    ),
    Page(
        "Jekyll, Chirpy",
        "https://ada.example/posts/lifting-frames/",
        "Lifting frames",
        "2022-05-11",
        """<!DOCTYPE html><html lang="en"><head><title>Lifting frames | Ada Quill</title><meta property="og:title"
content="Lifting frames" /><meta property="article:published_time" content="2022-05-11T09:00:00+02:00" /></head>
        <body><aside aria-label="Sidebar" id="sidebar" class="d-flex flex-column"><header class="profile-wrapper"><a
href="/" id="avatar"></a><a class="site-title d-block" href="/">Ada Quill</a><p class="site-subtitle">Beekeeper with a
pencil</p></header><nav><ul class="nav"><li class="nav-item"><a href="/"
class="nav-link"><span>HOME</span></a></li></ul></nav></aside>
        <div id="main-wrapper"><div class="container d-flex flex-column px-xxl-5"><header id="topbar-wrapper"><div
id="topbar"><nav id="breadcrumb" aria-label="Breadcrumb"><span><a href="/">Home</a></span><span>Lifting
frames</span></nav><div id="topbar-title">Post</div><search id="search"><input
placeholder="Search..."></search></div></header>
        <div class="row flex-grow-1"><main aria-label="Main Content" class="col-12"><article class="px-1"
data-toc="true"><header><h1 data-toc-skip>Lifting frames</h1><div class="post-meta text-muted"><span> Posted <time
data-ts="1652252400" data-df="ll">May 11, 2022</time></span><span> Updated <time data-ts="1685000000" data-df="ll">May
25, 2023</time></span><div class="d-flex justify-content-between"><span> By <em><a href="x">Ada
Quill</a></em></span><div><span class="readtime" data-bs-toggle="tooltip" title="410 words"><em>2 min</em>
read</span></div></div></div></header>
        <div id="toc-bar" class="d-flex"><span class="label">Lifting frames</span><button>x</button></div>
        <div class="content">⟦<p>@3</p><h2 id="tools"><span class="me-2">Tools</span>⟧<a href="#tools" class="anchor
text-muted"><i class="fas fa-hashtag"></i></a>⟦</h2><p>@2</p><blockquote class="prompt-tip"><p>Keep one glove in the
bag, for visitors.</p></blockquote>
        <div class="language-bash highlighter-rouge">⟧<div class="code-header"><span data-label-text="Shell"><i
class="fas fa-code fa-fw small"></i></span><button aria-label="copy"><i></i></button></div>⟦<div
class="highlight"><code><table class="rouge-table"><tbody><tr><td class="rouge-gutter gl">⟧<pre class="lineno">1
2
</pre>⟦</td><td class="rouge-code"><pre>notes <span class="nt">--since</span> april
notes <span class="nt">--grep</span> brood
</pre></td></tr></tbody></table></code></div></div><p>@9</p><div class="footnotes" role="doc-endnotes"><ol><li
id="fn:a"><p>Two fingers of each hand. <a href="#fnref:a" class="reversefootnote"
role="doc-backlink">&#8617;&#xfe0e;</a></p></li></ol></div>⟧</div>
        <div class="post-tail-wrapper text-muted"><div class="post-meta mb-3"><i class="far fa-folder-open fa-fw
me-1"></i> <a href="/categories/craft/">Craft</a></div><div class="post-tags"><a href="/tags/frames/" class="post-tag
no-text-decoration">frames</a></div><div class="post-tail-bottom d-flex"><div class="license-wrapper">This post is
licensed under <a href="x">CC BY 4.0</a> by the author.</div><div class="share-wrapper d-flex"><span
class="share-label text-muted">Share</span><span class="share-icons"><a
title="Twitter"><i></i></a></span></div></div></div></article></main>
        <aside aria-label="Panel" id="panel-wrapper"><div class="access"><section><h2 class="panel-heading">Recently
Updated</h2><ul><li><a href="/posts/x">Snow on the lid</a></li></ul></section></div></aside></div>
        <div class="row"><div id="tail-wrapper" class="col-12"><aside id="related-posts"
aria-labelledby="related-label"><h3 class="mt-4 mb-4" id="related-label">Further Reading</h3><nav class="row"><article
class="col"><a href="/posts/y" class="post-preview card h-100"><div class="card-body"><time data-ts="1640000000"
data-df="ll">Dec 20, 2021</time><h4 class="pt-0 my-2">Snow on the lid</h4><div class="text-muted"><p>What goes wrong
goes wrong in February.</p></div></div></a></article></nav></aside><nav class="post-navigation d-flex"
aria-label="Post Navigation"><a href="/a" class="btn btn-outline-primary" aria-label="Older"><p>A jar of
linden</p></a><div class="btn btn-outline-primary disabled"
aria-label="Newer"><p>-</p></div></nav></div></div></div></div><footer aria-label="Site Info"><p>© 2024 Ada Quill.
Some rights reserved.</p></footer></body></html>""",
    ),
    Page(
        "Zola, after-dark",
        "https://ada.example/telling-the-bees/",
        "Telling the bees",
        "2021-10-30",
        """<!doctype html><html lang=en><head><title>Telling the bees</title><meta content="width=device-width"
name=viewport></head><body><div class=container><header class=site-header><nav class=site-nav><a
href=https://ada.example>Ada</a><a href=/tags>Tags</a></nav></header><article class=post itemscope
itemtype=http://schema.org/CreativeWork><header><div class=post__category><a href=/categories/lore>lore</a></div><h1
itemprop=name class="post-title">Telling the bees</h1><ul class="post__meta"><li>2021-10-30</li><li>2 minute
read</li></ul></header><div itemprop=text>⟦<p>@8<p>@1<h2 id=europe>⟧<a aria-label="Anchor link for: europe"
class=zola-anchor href=#europe>🔗</a>⟦Half of Europe</h2><p>@6<ul><li>Germany<li>England<li>The
Netherlands</ul><p>@2</div>⟧<footer class=post__footer><p>Published on <span>30 October 2021</span> in <a
href=/tags/lore>lore</a></footer></article><div class=page-nav><a class="nav older" href=/snow>← Snow on the
lid</a></div><footer class="site-footer"><p>Powered by Zola</p></footer></div></body></html>""",
    ),
    Page(
        "Eleventy, base blog",
        "https://ada.example/blog/pencil/",
        "Why pencil",
        "2020-09-01",
        """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Why pencil</title><meta name="generator"
content="Eleventy v2.0.1"></head><body><a href="#skip" class="visually-hidden">Skip to main content</a><header><a
href="/" class="home-link">Hive eleven</a><nav><h2 class="visually-hidden">Top level navigation menu</h2><ul
class="nav"><li class="nav-item"><a href="/blog/">Archive</a></li></ul></nav></header>
        <main id="skip"><heading-anchors><h1>Why pencil</h1><ul class="post-metadata"><li><time
datetime="2020-09-01">01 September 2020</time></li><li><a href="/tags/notes/" class="post-tag">notes</a></li></ul>
        ⟦<p>@2</p><p>@4</p><h2 id="graphite">Graphite</h2><p>Softer than you think:</p><pre
class="language-text"><code class="language-text">2B  for wood
HB  for paper</code></pre><p>@9</p>⟧
        <ul class="links-nextprev"><li class="links-nextprev-prev">← Previous<br> <a href="/blog/a">This is an older
one</a></li><li class="links-nextprev-next">Next →<br><a href="/blog/b">This is a newer
one</a></li></ul></heading-anchors></main><footer><p><em>Built with Eleventy</em></p></footer></body></html>""",
    ),
    Page(
        "Docusaurus, a blog post",
        "https://docs.hive.example/blog/2023/04/09/willow",
        "The willow is out",
        "2023-04-09",
        """<!doctype html><html lang="en" dir="ltr" class="blog-wrapper blog-post-page plugin-blog"><head><meta
charset="UTF-8"><title data-rh="true">The willow is out | Hive tools</title><meta data-rh="true" property="og:title"
content="The willow is out | Hive tools"><meta data-rh="true" property="article:published_time"
content="2023-04-09T00:00:00.000Z"></head>
        <body class="navigation-with-keyboard"><div id="__docusaurus"><div role="region" aria-label="Skip to main
content"><a class="skipToContent_fXgn" href="#__docusaurus_skipToContent_fallback">Skip to main content</a></div><nav
aria-label="Main" class="navbar navbar--fixed-top"><div class="navbar__inner"><a class="navbar__brand" href="/"><b
class="navbar__title">Hive tools</b></a></div></nav>
        <div id="__docusaurus_skipToContent_fallback" class="main-wrapper mainWrapper_z2l0"><div class="container
margin-vert--lg"><div class="row"><aside class="col col--3"><nav class="sidebar_re4s thin-scrollbar" aria-label="Blog
recent posts navigation"><div class="sidebarItemTitle_pO2u margin-bottom--md">Recent posts</div><ul><li><a
href="/blog/x">Snow on the lid</a></li></ul></nav></aside>
        <main class="col col--7"><article class=""><header><h1 class="title_f1Hy">The willow is out</h1><div
class="container_mt6G margin-vert--md"><time datetime="2023-04-09T00:00:00.000Z">April 9, 2023</time> · <!-- -->3 min
read</div><div class="margin-top--md margin-bottom--sm row"><div class="col col--12 authorCol_Hf19"><div class="avatar
margin-bottom--sm"><div class="avatar__intro"><div class="avatar__name"><a href="x"><span>Ada
Quill</span></a></div><small class="avatar__subtitle">Keeper of the wall</small></div></div></div></div></header>
        <div id="__blog-post-container" class="markdown">⟦<p>@2</p><h2 class="anchor anchorWithStickyNavbar_LWe7"
id="brood">Brood⟧<a href="#brood" class="hash-link" aria-label="Direct link to Brood" title="Direct link to
Brood">​</a>⟦</h2><p>@3</p>
        <div class="theme-admonition theme-admonition-tip admonition_xJq3 alert alert--success"><div
class="admonitionHeading_Gvgb"><span class="admonitionIcon_Rf37"><svg></svg></span>tip</div><div
class="admonitionContent_BuS1"><p>Look for pollen, it is yellow this week.</p></div></div>
        <div class="tabs-container tabList__CuJ"><ul role="tablist" aria-orientation="horizontal" class="tabs"><li
role="tab" class="tabs__item tabItem_LNqP tabs__item--active">Python</li><li role="tab" class="tabs__item
tabItem_LNqP">Shell</li></ul><div class="margin-top--md"><div role="tabpanel" class="tabItem_Ymn6"><div
class="language-python codeBlockContainer_Ckt0 theme-code-block"><div class="codeBlockContent_biex"><pre tabindex="0"
class="prism-code language-python codeBlock_bY9V thin-scrollbar"><code class="codeBlockLines_e6Vv"><span
class="token-line"><span class="token plain">frames = 4</span><br></span></code></pre>⟧<div
class="buttonGroup__atx"><button type="button" aria-label="Copy code to clipboard" class="clean-btn"><span
class="copyButtonIcons_eSgA"><svg></svg></span></button></div>⟦</div></div></div><div role="tabpanel"
class="tabItem_Ymn6" hidden=""><pre class="prism-code language-sh"><code><span
class="token-line">echo four</span></code></pre></div></div></div>
        <p>@9</p>⟧</div><footer class="row docusaurus-mt-lg blogPostFooterDetailsFull_mRVl"><div
class="col"><b>Tags:</b><ul class="tags_jXut padding--none margin-left--sm"><li class="tag_QGVx"><a class="tag_zVej
tagRegular_sFm0" href="/blog/tags/spring">spring</a></li></ul></div><div class="col margin-top--sm"><a
href="https://github.example/edit" class="theme-edit-this-page"><svg></svg>Edit this page</a></div></footer></article>
        <nav class="pagination-nav docusaurus-mt-lg" aria-label="Blog post page navigation"><a
class="pagination-nav__link pagination-nav__link--prev" href="/blog/n"><div class="pagination-nav__sublabel">Newer
Post</div><div class="pagination-nav__label">Limes</div></a></nav></main>
        <div class="col col--2"><div class="tableOfContents_bqdL thin-scrollbar"><ul class="table-of-contents
table-of-contents__left-border"><li><a href="#brood"
class="table-of-contents__link">Brood</a></li></ul></div></div></div></div></div><footer class="footer
footer--dark"><div class="footer__copyright">Copyright © 2024 Hive tools. Built with
Docusaurus.</div></footer></div></body></html>""",
    ),
    Page(
        "MkDocs Material, a blog post",
        "https://hive.example/blog/2024/01/08/two-hives/",
        "Two hives instead of one",
        "2024-01-08",
        """<!doctype html><html lang="en" class="no-js"><head><meta charset="utf-8"><title>Two hives instead of one
- Hive
log</title></head><body dir="ltr"><div data-md-component="skip"><a href="#two-hives" class="md-skip">Skip to
content</a></div><div data-md-component="announce"></div>
        <header class="md-header"><nav class="md-header__inner md-grid" aria-label="Header"><div
class="md-header__title"><div class="md-header__ellipsis"><div class="md-header__topic"><span class="md-ellipsis">Hive
log</span></div><div class="md-header__topic"><span class="md-ellipsis">Two hives instead of
one</span></div></div></div></nav></header>
        <div class="md-container"><main class="md-main"><div class="md-main__inner md-grid"><div class="md-sidebar
md-sidebar--primary"><nav class="md-nav md-nav--primary"><ul class="md-nav__list"><li class="md-nav__item"><a
href="../.." class="md-nav__link"><span class="md-ellipsis">Back to index</span></a></li></ul></nav></div>
        <div class="md-content md-content--post"><div class="md-sidebar md-sidebar--post"><div
class="md-sidebar__inner md-post"><nav class="md-nav md-nav--primary"><div class="md-post__back"><a href="../..">Back
to index</a></div><div class="md-post__authors md-typeset"><div class="md-profile md-post__profile"><span
class="md-profile__description"><strong>Ada Quill</strong><br>Keeper</span></div></div><ul class="md-post__meta
md-nav__list"><li class="md-nav__item md-nav__item--section"><div class="md-post__title"><span
class="md-ellipsis">Metadata</span></div><nav class="md-nav"><ul class="md-nav__list"><li class="md-nav__item"><div
class="md-nav__link"><time datetime="2024-01-08 00:00:00+00:00"
class="md-ellipsis">2024/01/08</time></div></li><li><div class="md-nav__link"><span class="md-ellipsis">2 min
read</span></div></li></ul></nav></li></ul></nav></div></div>
        <article class="md-content__inner md-typeset"><a href="https://github.example/edit" title="Edit this page"
class="md-content__button md-icon"><svg></svg></a><h1 id="two-hives">Two hives instead of one<a class="headerlink"
href="#two-hives" title="Permanent link">&para;</a></h1>
        ⟦<p>@6</p><!-- more --><h2 id="compare">Compare⟧<a class="headerlink" href="#compare" title="Permanent
link">&para;</a>⟦</h2><p>@1</p><div class="admonition note"><p class="admonition-title">Note</p><p>Three is a
crowd.</p></div>
        <div class="highlight"><table class="highlighttable"><tr><td class="linenos">⟧<div
class="linenodiv"><pre><span></span><span class="normal">1</span>
<span class="normal">2</span></pre></div>⟦</td><td class="code"><div><pre><span></span><code><span
class="n">strong</span> <span class="o">=</span> <span class="mi">9</span>
<span class="n">weak</span> <span class="o">=</span> <span class="mi">4</span>
</code></pre></div></td></tr></table></div>
        <div class="tabbed-set tabbed-alternate" data-tabs="1:2">⟧<input checked="checked" id="__tabbed_1_1"
name="__tabbed_1" type="radio" />⟦<div class="tabbed-labels"><label for="__tabbed_1_1">Spring</label><label
for="__tabbed_1_2">Autumn</label></div><div class="tabbed-content"><div class="tabbed-block"><p>Lend brood in
spring.</p></div><div class="tabbed-block"><p>Unite in autumn.</p></div></div></div><p>@7</p><div class="footnote"><hr
/><ol><li id="fn:1"><p>Ask at the club.&#160;<a class="footnote-backref" href="#fnref:1" title="Jump
back">&#8617;</a></p></li></ol></div>⟧
        <aside class="md-source-file"><span class="md-source-file__fact"><span class="md-icon" title="Last
update"></span><span class="git-revision-date-localized-plugin">2025-02-03</span></span></aside><form
class="md-feedback" name="feedback"><fieldset><legend class="md-feedback__title">Was this page helpful?</legend><div
class="md-feedback__note">Thanks for your feedback!</div></fieldset></form><h2 id="__comments">Comments</h2><div
class="giscus"></div></article></div></div></main>
        <footer class="md-footer"><div class="md-footer-meta">Made with Material for
MkDocs</div></footer></div></body></html>""",
    ),
    Page(
        "Sphinx with ABlog",
        "https://ada.example/posts/2017/honey-by-numbers.html",
        "Honey by numbers",
        "2017-09-02",
        """<!DOCTYPE html><html lang="en"><head><title>Honey by numbers &#8212; Hive book</title></head><body><div
class="related" role="navigation" aria-label="related navigation"><h3>Navigation</h3><ul><li class="right"><a
href="genindex.html">index</a> |</li><li class="nav-item"><a href="index.html">Hive book</a> &#187;</li></ul></div>
        <div class="document"><div class="documentwrapper"><div class="bodywrapper"><div class="body"
role="main"><section id="honey-by-numbers"><h1>Honey by numbers<a class="headerlink" href="#honey-by-numbers"
title="Permalink to this heading">¶</a></h1>
        ⟦<p>@4</p><section id="the-table"><h2>The table⟧<a class="headerlink" href="#the-table" title="Permalink to
this heading">¶</a>⟦</h2><p>@2 <a class="footnote-reference brackets" href="#id3" id="id1" role="doc-noteref"><span
class="fn-bracket">[</span>1<span class="fn-bracket">]</span></a></p><table class="docutils
align-default"><caption><span class="caption-text">Jars and years</span></caption><thead><tr class="row-odd"><th
class="head"><p>Year</p></th><th class="head"><p>Jars</p></th></tr></thead><tbody><tr
class="row-even"><td><p>2014</p></td><td><p>11</p></td></tr></tbody></table>
        <div class="highlight-python notranslate"><div class="highlight"><pre><span></span><span
class="n">jars</span><span class="p">(</span><span class="mi">2014</span><span class="p">)</span>
</pre></div></div><dl class="py function"><dt class="sig sig-object py" id="jars"><span class="sig-name
descname"><span class="pre">jars</span></span><span class="sig-paren">(</span><em class="sig-param"><span
class="n"><span class="pre">year</span></span></em><span class="sig-paren">)</span>⟧<a class="headerlink" href="#jars"
title="Permalink to this definition">¶</a>⟦</dt><dd><p>How many jars there were.</p></dd></dl><div class="math
notranslate nohighlight">\\[j = 11 + 8 y\\]</div><div class="admonition seealso"><p class="admonition-title">See
also</p><p>The chapter on limes.</p></div><p>@6</p>
        <aside class="footnote-list brackets"><aside class="footnote brackets" id="id3" role="doc-footnote"><span
class="label"><span class="fn-bracket">[</span><a role="doc-backlink" href="#id1">1</a><span
class="fn-bracket">]</span></span><p>All jars of half a kilogram.</p></aside></aside></section>⟧</section>
        <div class="section ablog__blog_comments"><div class="section ablog__prev-next"><span class="ablog__prev"><a
href="x.html"><span>Limes</span></a></span><span class="ablog__spacer">&nbsp;</span></div></div></div></div></div>
        <div class="sphinxsidebar" role="navigation" aria-label="main navigation"><div
class="sphinxsidebarwrapper"><div class="ablog-sidebar-item ablog__postcard"><h2><span>02 September
2017</span></h2><ul><li class="ablog-sidebar-item ablog__postcard2"><span>Author:</span><a href="author">Ada
Quill</a></li></ul></div><h3><a href="index.html">Table of Contents</a></h3><ul><li><a class="reference internal"
href="#">Honey by numbers</a></li></ul><div role="note" aria-label="source link"><h3>This Page</h3><ul><li><a
href="_sources/x.txt">Show Source</a></li></ul></div></div></div></div><div class="footer" role="contentinfo">&#169;
Copyright 2017, Ada Quill. Created using Sphinx 5.3.0.</div></body></html>""",
    ),
    Page(
        "Quarto",
        "https://ada.example/posts/2023-11-12-brood/index.html",
        "Brood, modelled",
        "2023-11-12",
        """<!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml" lang="en" xml:lang="en"><head><meta
charset="utf-8"><meta
name="generator" content="quarto-1.4.550"><meta name="author" content="Ada Quill"><meta name="dcterms.date"
content="2023-11-12"><title>Hive numbers - Brood, modelled</title></head>
        <body class="nav-fixed"><div id="quarto-search-results"></div><header id="quarto-header" class="headroom
fixed-top"><nav class="navbar navbar-expand-lg"><div class="navbar-brand-container"><a class="navbar-brand"
href="../../index.html"><span class="navbar-title">Hive numbers</span></a></div></nav></header>
        <div id="quarto-content" class="quarto-container page-columns page-rows-contents page-layout-article
page-navbar"><div id="quarto-margin-sidebar" class="sidebar margin-sidebar"><nav id="TOC" role="doc-toc"
class="toc-active"><h2 id="toc-title">On this page</h2><ul><li><a href="#data"
class="nav-link">Data</a></li></ul></nav></div>
        <main class="content" id="quarto-document-content"><header id="title-block-header" class="quarto-title-block
default"><div class="quarto-title"><h1 class="title">Brood, modelled</h1><p class="subtitle lead">With a line</p><div
class="quarto-categories"><div class="quarto-category">R</div></div></div><div><div class="description">A short
one.</div></div><div class="quarto-title-meta"><div><div class="quarto-title-meta-heading">Author</div><div
class="quarto-title-meta-contents"><p>Ada Quill</p></div></div><div><div
class="quarto-title-meta-heading">Published</div><div class="quarto-title-meta-contents"><p class="date">November 12,
2023</p></div></div></div></header>
        ⟦<p>@2</p><section id="data" class="level2"><h2 class="anchored" data-anchor-id="data">Data</h2><p>@4<a
href="#fn1" class="footnote-ref" id="fnref1" role="doc-noteref"><sup>1</sup></a></p><div class="cell"><details open=""
class="code-fold"><summary>Show the code</summary><div class="sourceCode cell-code" id="cb1"><pre class="sourceCode r
code-with-copy"><code class="sourceCode r"><span id="cb1-1">⟧<a href="#cb1-1" aria-hidden="true"
tabindex="-1"></a>⟦<span class="fu">lm</span>(brood <span class="sc">~</span> week)</span></code>⟧<button title="Copy
to Clipboard" class="code-copy-button"><i class="bi"></i></button>⟦</pre></div></details><div class="cell-output
cell-output-stdout"><pre><code>Coefficients: 3.1</code></pre></div></div>
        <div class="callout callout-style-default callout-warning callout-titled"><div class="callout-header d-flex
align-content-center"><div class="callout-icon-container"><i class="callout-icon"></i></div><div
class="callout-title-container flex-fill">Warning</div></div><div class="callout-body-container callout-body"><p>Weeks
are not days.</p></div></div><div class="no-row-height column-margin column-container"><div class=""><p>A note in the
margin.</p></div></div><p>@6</p></section>
        ⟧<div id="quarto-appendix" class="default">⟦<section id="footnotes" class="footnotes
footnotes-end-of-document" role="doc-endnotes"><h2 class="anchored quarto-appendix-heading">Footnotes</h2><ol><li
id="fn1"><p>Counted on Sundays.⟧<a href="#fnref1" class="footnote-back"
role="doc-backlink">↩︎</a>⟦</p></li></ol></section>⟧<section class="quarto-appendix-contents" id="quarto-reuse"><h2
class="anchored quarto-appendix-heading">Reuse</h2><div><a rel="license" href="cc">CC BY
4.0</a></div></section><section class="quarto-appendix-contents" id="quarto-citation"><h2
class="quarto-appendix-heading">Citation</h2><div><div class="quarto-appendix-secondary-label">BibTeX
citation:</div><pre class="sourceCode code-with-copy quarto-appendix-bibtex"><code class="sourceCode
bibtex">@online{quill2023}</code></pre></div></section></div></main></div></body></html>""",
    ),
    Page(
        "Pelican, notmyidea",
        "https://ada.example/wintering.html",
        "Wintering",
        "2015-12-04",
        """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8" /><title>Wintering</title></head><body
id="index"
class="home"><header id="banner" class="body"><h1><a href="./">Hive by the wall
<strong>notes</strong></a></h1><nav><ul><li class="active"><a
href="./category/bees.html">bees</a></li></ul></nav></header>
        <section id="content" class="body"><article><header><h1 class="entry-title"><a href="./wintering.html"
rel="bookmark" title="Permalink to Wintering">Wintering</a></h1></header><div class="entry-content"><footer
class="post-info"><abbr class="published" title="2015-12-04T10:20:00+01:00">Published: Fri 04 December 2015</abbr><br
/><abbr class="modified" title="2016-03-01T08:00:00+01:00">Updated: Tue 01 March 2016</abbr><address class="vcard
author">By <a class="url fn" href="./author/ada.html">Ada Quill</a></address><p>In <a
href="./category/bees.html">bees</a>.</p><p>tags: <a href="./tag/winter.html">winter</a></p></footer>
        ⟦<p>@5</p><div class="section" id="what-helps"><h2>What helps</h2><p>@7</p><div
class="highlight"><pre><span></span><span class="n">candy</span> <span class="o">=</span> <span class="kc">True</span>
</pre></div></div><p>@9</p>⟧</div><div class="comments"><h2>Comments !</h2><div
id="disqus_thread"></div><noscript>Please enable JavaScript to view the comments.</noscript></div></article></section>
        <section id="extras" class="body"><div class="blogroll"><h2>links</h2><ul><li><a href="x">The
club</a></li></ul></div><div class="social"><h2>social</h2></div></section><footer id="contentinfo"
class="body"><address id="about" class="vcard body">Proudly powered by Pelican</address></footer></body></html>""",
    ),
    Page(
        "Hakyll",
        "https://ada.example/posts/2016-02-14-proofs-and-hives.html",
        "Proofs and hives",
        "2016-02-14",
        """<?xml version="1.0" encoding="UTF-8" ?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"
"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd"><html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head><meta
http-equiv="Content-Type" content="text/html; charset=UTF-8" /><title>My Hakyll Hive - Proofs and
hives</title></head><body><div id="header"><div id="logo"><a href="../">My Hakyll Hive</a></div><div
id="navigation"><a href="../">Home</a><a href="../archive.html">Archive</a></div></div>
        <div id="content"><h1>Proofs and hives</h1><div class="info">Posted on February 14, 2016 by Ada
Quill</div><div class="info">Tagged: <a href="../tags/math.html">math</a></div>
        ⟦<p>@2</p><p>@3</p><h2 id="a-lemma">A lemma</h2><p>Let <span class="math inline"><em>n</em></span> be the
number of frames. @9</p><div class="sourceCode" id="cb1"><pre class="sourceCode haskell"><code class="sourceCode
haskell"><span id="cb1-1">⟧<a href="#cb1-1" aria-hidden="true" tabindex="-1"></a>⟦<span
class="kt">frames ::</span> <span class="dt">Hive</span> <span class="kt">-&gt;</span> <span
class="dt">Int</span></span></code></pre></div><div class="footnotes"><hr /><ol><li id="fn1"><p>Proof by lifting.<a
href="#fnref1">↩</a></p></li></ol></div>⟧</div>
        <div id="footer">Site proudly generated by <a
href="http://jaspervdj.be/hakyll">Hakyll</a></div></body></html>""",
    ),
    Page(
        "Hexo, NexT",
        "https://ada.example/2020/06/21/limes/",
        "The limes",
        "2020-06-21",
        """<!DOCTYPE html><html lang="en"><head><meta charset="UTF-8"><meta name="generator" content="Hexo
5.4.0"><meta
property="og:type" content="article"><meta property="og:title" content="The limes"><meta property="og:site_name"
content="Wall Hive"><meta property="article:published_time" content="2020-06-21T06:00:00.000Z"><title>The limes | Wall
Hive</title></head>
        <body itemscope itemtype="http://schema.org/WebPage"><div class="headband"></div><main class="main"><header
class="header" itemscope><div class="header-inner"><div class="site-brand-container"><div class="site-meta"><a
href="/" class="brand" rel="start"><h1 class="site-title">Wall Hive</h1></a></div></div><nav class="site-nav"><ul
class="main-menu menu"><li class="menu-item"><a href="/">Home</a></li></ul></nav></div><aside class="sidebar"><div
class="sidebar-inner"><div class="post-toc-wrap sidebar-panel"><div class="post-toc"><ol class="nav"><li
class="nav-item"><a href="#kind">Kind</a></li></ol></div></div><div class="site-overview"><p
class="site-author-name">Ada Quill</p><div class="site-state-item"><a href="/archives"><span
class="site-state-item-count">12</span> <span>posts</span></a></div></div></div></aside></header>
        <div class="main-inner post posts-expand"><div class="post-block"><article itemscope
itemtype="http://schema.org/Article" class="post-content" lang="en"><link itemprop="mainEntityOfPage" href="x"><span
hidden itemprop="author"><meta itemprop="name" content="Ada Quill"></span><span hidden itemprop="publisher"><meta
itemprop="name" content="Wall Hive"></span>
        <header class="post-header"><h1 class="post-title" itemprop="name headline">The limes</h1><div
class="post-meta-container"><div class="post-meta"><span class="post-meta-item"><span
class="post-meta-item-text">Posted on</span> <time title="Created: 2020-06-21 08:00:00" itemprop="dateCreated
datePublished" datetime="2020-06-21T08:00:00+02:00">2020-06-21</time></span><span class="post-meta-item"><span
class="post-meta-item-text">Edited on</span> <time title="Modified" itemprop="dateModified"
datetime="2021-01-01T08:00:00+01:00">2021-01-01</time></span><span class="post-meta-item"><span
class="post-meta-item-text">In</span> <a href="/categories/h"><span itemprop="name">Honey</span></a></span><span
class="post-meta-item" title="Word count in article"><span>Word count in article:</span>
<span>361</span></span></div></div></header>
        <div class="post-body" itemprop="articleBody">⟦<p>@4</p>⟧<span id="more"></span>⟦<h2 id="kind">⟧<a
href="#kind" class="headerlink" title="Kind"></a>⟦Kind limes</h2><p>@8</p><figure class="highlight js"><table><tr><td
class="gutter">⟧<pre><span class="line">1</span><br><span class="line">2</span><br></pre>⟦</td><td
class="code"><pre><span class="line"><span class="keyword">const</span> jars = <span
class="number">42</span>;</span><br><span class="line">pour(jars);</span><br></pre></td></tr></table></figure><div
class="note info"><p>Limes flower for ten days.</p></div><p>@9</p>⟧</div>
        <footer class="post-footer"><div class="reward-container"><div>Buy me a coffee</div></div><div
class="post-copyright"><ul><li class="post-copyright-author"><strong>Post author: </strong>Ada Quill</li><li
class="post-copyright-link"><strong>Post link: </strong><a
href="x">https://ada.example/2020/06/21/limes/</a></li></ul></div><div class="post-tags"><a href="/tags/lime/"
rel="tag"># lime</a></div><div class="post-nav"><div class="post-nav-item"><a href="/a" rel="prev" title="Smoke"><i
class="fa fa-angle-left"></i> Smoke</a></div></div></footer></article></div><div
class="comments"></div></div></main><footer class="footer"><div class="footer-inner"><div class="copyright">&copy;
2024 <span class="author" itemprop="copyrightHolder">Ada Quill</span></div><div class="powered-by">Powered by Hexo
&amp; NexT</div></div></footer></body></html>""",
    ),
    Page(
        "mdBook",
        "https://book.hive.example/winter/candy.html",
        "Candy on paper",
        None,
        """<!DOCTYPE HTML><html lang="en" class="light sidebar-visible" dir="ltr"><head><meta
charset="UTF-8"><title>Candy on
paper - The Hive Book</title></head><body><div id="mdbook-help-container"><div id="mdbook-help-popup"><h2
class="mdbook-help-title">Keyboard shortcuts</h2><div><p>Press <kbd>←</kbd> or <kbd>→</kbd> to navigate between
chapters</p></div></div></div><div id="body-container"><nav id="sidebar" class="sidebar" aria-label="Table of
contents"><ol class="chapter"><li class="chapter-item"><a href="../index.html">Introduction</a></li></ol></nav><div
id="page-wrapper" class="page-wrapper"><div class="page"><div id="menu-bar" class="menu-bar sticky"><h1
class="menu-title">The Hive Book</h1></div><div id="search-wrapper" class="hidden"><form><input placeholder="Search
this book ..."></form></div>
        <div id="content" class="content"><main><h1 id="candy"><a class="header" href="#candy">Candy on
paper</a></h1>⟦<p>@5</p><h2 id="how"><a class="header" href="#how">How</a></h2><p>@3</p><pre><pre
class="playground"><code class="language-rust edition2021"><span class="boring">fn main() {
</span>let sugar = 2;</code></pre></pre><div
class="table-wrapper"><table><thead><tr><th>Sugar</th><th>Water</th></tr></thead><tbody><tr><td>2</td><td>1</td></tr
></tbody></table></div><p>@7</p>⟧</main><nav class="nav-wrapper" aria-label="Page navigation"><a rel="prev"
href="a.html" class="mobile-nav-chapters previous"><i class="fa
fa-angle-left"></i></a></nav></div></div></div></div></body></html>""",
    ),
]


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_generators_page_gives_its_article_and_nothing_else(page: Page):
    assert differences(page) == []
