"""Pages as blog platforms make them: every word of the article, no other word, its title and its day."""

import pytest

from tests.unit.extraction_pages import Page, differences

PAGES = [
    Page(
        "WordPress, a block theme",
        "https://apiary.example/2024/03/six-years-of-bees/",
        "Six Years of Bees",
        "2024-03-09",
        """<!DOCTYPE html><html lang="en-US"><head><meta charset="UTF-8"><title>Six Years of Bees &#8211; The Wall
Hive</title>
        <meta property="og:site_name" content="The Wall Hive"></head>
        <body class="post-template-default single single-post postid-71 wp-embed-responsive">
        <div class="wp-site-blocks"><header class="wp-block-template-part"><div class="wp-block-group alignwide">
        <p class="wp-block-site-title"><a href="https://apiary.example" rel="home">The Wall Hive</a></p>
        <nav class="wp-block-navigation" aria-label="Navigation"><ul class="wp-block-navigation__container">
        <li class="wp-block-navigation-item"><a href="/about"><span
class="wp-block-navigation-item__label">About</span></a></li>
        <li class="wp-block-navigation-item"><a href="/shop"><span>Honey
shop</span></a></li></ul></nav></div></header>
        <main class="wp-block-group" id="wp--skip-link--target"><div class="wp-block-group">
        <h1 class="wp-block-post-title">Six Years of Bees</h1>
        <div class="wp-block-template-part"><div class="wp-block-group"><div class="wp-block-post-date"><time
datetime="2024-03-09T10:12:00+00:00"><a href="/2024/03/six-years-of-bees/">Mar 9, 2024</a></time></div>
        <p class="has-contrast-2-color has-text-color">—</p><p class="has-small-font-size">by</p>
        <div class="wp-block-post-author-name"><a href="/author/ada">Ada Quill</a></div>
        <div class="taxonomy-category wp-block-post-terms"><span class="wp-block-post-terms__prefix">in </span><a
href="/category/bees">Bees</a></div></div></div></div>
        <div class="entry-content wp-block-post-content has-global-padding is-layout-constrained">⟦
        <p>Short of it: I would do it again.</p><p>@1</p>
        <h2 class="wp-block-heading">What to write down</h2><p>@2</p>
        <ul class="wp-block-list"><li>brood on how many frames</li><li>temper, from one to five</li></ul>
        <blockquote class="wp-block-quote"><p>The bee is more honoured than other animals.</p><cite>Saint John
Chrysostom</cite></blockquote>
        <figure class="wp-block-image size-large"><img src="/wall.jpg" alt=""/><figcaption
class="wp-element-caption">The hive at the wall in May.</figcaption></figure>
        <p>@3</p><p>@4</p>
        <figure
class="wp-block-table"><table><thead><tr><th>Year</th><th>Jars</th></tr></thead><tbody><tr><td>2019</td><td>11</td
></tr><tr><td>2021</td><td>42</td></tr></tbody></table></figure>
        <p>@6</p>
        <ol class="wp-block-footnotes"><li id="f1">The third summer was the dry one. <a href="#f1-link"
aria-label="Jump to footnote reference 1">↩︎</a></li></ol>⟧</div>
        <div class="wp-block-template-part"><div class="wp-block-group"><div class="taxonomy-post_tag
wp-block-post-terms"><a href="/tag/bees" rel="tag">bees</a></div></div></div>
        <nav aria-label="Posts" class="wp-block-group"><div class="post-navigation-link-previous
wp-block-post-navigation-link"><span class="arrow">←</span><a href="/older">A jar of linden</a></div>
        <div class="post-navigation-link-next wp-block-post-navigation-link"><a href="/newer">Snow on the
lid</a></div></nav>
        <div class="wp-block-comments"><h2 class="wp-block-comments-title">2 responses to “Six Years of Bees”</h2>
        <ol class="wp-block-comment-template"><li><div class="wp-block-comment-author-name">Tom</div><div
class="wp-block-comment-date"><time datetime="2024-03-11T08:00:00+00:00">Mar 11, 2024</time></div><div
class="wp-block-comment-content"><p>I lost mine in February too, and I still can’t say whether it was the damp or the
mite that did it.</p></div></li></ol>
        <div id="respond" class="comment-respond wp-block-post-comments-form"><h3 id="reply-title">Leave a
Reply</h3><form><p>Your email address will not be published.</p></form></div></div></main>
        <footer class="wp-block-template-part"><p>Designed with <a
href="https://wordpress.org">WordPress</a></p></footer></div></body></html>""",
    ),
    Page(
        "WordPress, a classic theme with Jetpack and Yoast",
        "https://apiary.example/lifting-frames/",
        "Lifting Frames: a Method",
        "2021-06-14",
        """<!DOCTYPE html><html lang="en-GB"><head><title>Lifting Frames: a Method - The Wall Hive</title>
        <meta property="og:title" content="Lifting Frames: a Method - The Wall Hive"/><meta property="og:site_name"
content="The Wall Hive"/>
        <meta property="article:modified_time" content="2023-01-02T09:00:00+00:00"/>
        <script type="application/ld+json" class="yoast-schema-graph">{"@context":"https://schema.org","@graph":[
        {"@type":"WebPage","@id":"https://apiary.example/lifting-frames/",
"name":"Lifting Frames: a Method - The Wall Hive","datePublished":"2021-06-14T07:30:00+00:00",
"dateModified":"2023-01-02T09:00:00+00:00","inLanguage":"en-GB"},
        {"@type":"WebSite","@id":"https://apiary.example/#website","name":"The Wall Hive"},
        {"@type":"Person","@id":"https://apiary.example/#/schema/person/1","name":"Ada Quill"}]}</script></head>
        <body class="post-template-default single"><div id="page" class="hfeed site"><a class="skip-link
screen-reader-text" href="#content">Skip to content</a>
        <header id="masthead" class="site-header"><h1 class="site-title"><a href="https://apiary.example/"
rel="home">The Wall Hive</a></h1><p class="site-description">Bees, mostly</p></header>
        <div id="content" class="site-content"><div id="primary" class="content-area"><main id="main"
class="site-main">
        <article id="post-44" class="post-44 post type-post status-publish format-standard hentry category-craft
tag-frames">
        <header class="entry-header"><h1 class="entry-title">Lifting Frames: a Method</h1></header>
        <div class="entry-content">⟦<p>@3</p><h3>Before you start</h3><p>@2</p><p><strong>Update:</strong> a reader
asked which gloves I use. None.</p><p>@5</p><p>@7</p>⟧
        <div class="sharedaddy sd-sharing-enabled"><div class="robots-nocontent sd-block sd-social sd-social-icon-text
sd-sharing"><h3 class="sd-title">Share this:</h3><div class="sd-content"><ul><li class="share-twitter"><a
href="?share=twitter"><span>Click to share on Twitter (Opens in new window)</span></a></li><li
class="share-end"></li></ul></div></div></div>
        <div class='sharedaddy sd-block sd-like jetpack-likes-widget-wrapper jetpack-likes-widget-unloaded'><h3
class="sd-title">Like this:</h3><div class='likes-widget-placeholder post-likes-widget-placeholder'><span
class='button'><span>Like</span></span> <span class="loading">Loading...</span></div></div>
        <div id='jp-relatedposts' class='jp-relatedposts'><h3
class="jp-relatedposts-headline"><em>Related</em></h3><div class="jp-relatedposts-items"><p
class="jp-relatedposts-post"><a href="/smoke">On smoke</a></p></div></div></div>
        <footer class="entry-footer"><span class="posted-on"><span class="screen-reader-text">Posted on </span><a
href="/lifting-frames/"><time class="entry-date published" datetime="2021-06-14T08:30:00+01:00">14th June
2021</time><time class="updated" datetime="2023-01-02T09:00:00+00:00">2nd January 2023</time></a></span>
        <span class="byline"><span class="author vcard"><a class="url fn n" href="/author/ada">Ada
Quill</a></span></span><span class="cat-links"><span class="screen-reader-text">Categories </span><a
href="/category/craft" rel="category tag">Craft</a></span><span class="tags-links"><a href="/tag/frames"
rel="tag">frames</a></span></footer></article>
        <div class="author-info"><div class="author-description"><h2 class="author-title">Published by <span>Ada
Quill</span></h2><p class="author-bio">Ada keeps bees beside a wall and writes about both. <a href="/author/ada">View
all posts by Ada Quill</a></p></div></div>
        <nav class="navigation post-navigation" role="navigation"><h2 class="screen-reader-text">Post
navigation</h2><div class="nav-links"><div class="nav-previous"><a href="/smoke/"><span class="meta-nav">Previous
Post</span> On smoke</a></div></div></nav>
        <div id="comments" class="comments-area"><h2 class="comments-title">One thought on “Lifting Frames: a
Method”</h2><ol class="comment-list"><li class="comment"><article class="comment-body"><footer class="comment-meta"><b
class="fn">Jo</b> <time datetime="2021-06-15T10:00:00+00:00">15th June 2021 at 10:00</time></footer><div
class="comment-content"><p>Breathing out through the nose is what my teacher said as well, thirty years ago, in
another country.</p></div></article></li></ol></div>
        </main></div><div id="secondary" class="widget-area" role="complementary"><section class="widget
widget_recent_entries"><h2 class="widget-title">Recent Posts</h2><ul><li><a href="/smoke">On
smoke</a></li></ul></section><section class="widget widget_text"><h2 class="widget-title">About me</h2><p>I am Ada and
this is where I write down what the bees did.</p></section></div></div>
        <footer id="colophon" class="site-footer"><div class="site-info">Proudly powered by
WordPress</div></footer></div>
        <div id="cookie-law-info-bar"><span>This website uses cookies to improve your experience.
<a>Accept</a></span></div></body></html>""",
    ),
    Page(
        "Ghost, Casper",
        "https://hive.example/the-mite/",
        "The mite is no mystery",
        "2022-11-03",
        """<!DOCTYPE html><html lang="en"><head><title>The mite is no mystery</title><meta property="og:site_name"
content="Hive
&amp; Wall">
        <meta property="article:published_time" content="2022-11-03T06:00:00.000Z"><meta
property="article:modified_time" content="2024-02-01T06:00:00.000Z">
        <script
type="application/ld+json">{"@context":"https://schema.org","@type":"Article","publisher":{"@type":"Organization",
"name":"Hive & Wall"},"author":{"@type":"Person","name":"Ada Quill"},"headline":"The mite is no mystery",
"datePublished":"2022-11-03T06:00:00.000Z","dateModified":"2024-02-01T06:00:00.000Z"}</script
></head>
        <body class="post-template tag-pests"><div class="viewport"><header id="gh-head" class="gh-head outer"><div
class="gh-head-inner inner"><a class="gh-head-logo" href="/">Hive &amp; Wall</a><nav class="gh-head-menu"><ul
class="nav"><li class="nav-home"><a href="/">Home</a></li></ul></nav><div class="gh-head-actions"><button
class="gh-search">Search</button><a class="gh-head-button" href="#/portal/signup">Subscribe</a></div></div></header>
        <div class="site-content"><main id="site-main" class="site-main"><article class="article post tag-pests">
        <header class="article-header gh-canvas"><div class="article-tag post-card-tags"><span
class="post-card-primary-tag"><a href="/tag/pests/">Pests</a></span></div><h1 class="article-title">The mite is no
mystery</h1><p class="article-excerpt">Count, divide, write down.</p>
        <div class="article-byline"><section class="article-byline-content"><ul class="author-list"><li
class="author-list-item"><a href="/author/ada/" class="author-avatar"><img src="a.jpg" alt="Ada
Quill"></a></li></ul><div class="article-byline-meta"><h4 class="author-name"><a href="/author/ada/">Ada
Quill</a></h4><div class="byline-meta-content"><time class="byline-meta-date" datetime="2022-11-03">Nov 3,
2022</time><span class="byline-reading-time"><span class="bull">&bull;</span> 4 min
read</span></div></div></section></div></header>
        <section class="gh-content gh-canvas is-body">⟦<p>@7</p><h2 id="counting">Counting</h2><p>@2</p>
        <div class="kg-card kg-callout-card kg-callout-card-blue"><div class="kg-callout-emoji">💡</div><div
class="kg-callout-text">Count in the same week of every year.</div></div>
        <div class="kg-card kg-toggle-card" data-kg-toggle-state="close"><div class="kg-toggle-heading"><h4
class="kg-toggle-heading-text">What about drones?</h4><button
class="kg-toggle-card-icon"><svg></svg></button></div><div class="kg-toggle-content"><p>They carry more of them, so
sample there first.</p></div></div>
        <p>@5</p>⟧<div class="kg-card kg-signup-card"><h3>Sign up for Hive &amp; Wall</h3><p>No spam. Unsubscribe
anytime.</p></div>⟦<p>@9</p>⟧</section></article>
        <section class="footer-cta outer"><div class="inner"><h2 class="footer-cta-title">Sign up for more like
this.</h2><a class="footer-cta-button" href="#/portal"><div>Enter your
email</div><span>Subscribe</span></a></div></section>
        <aside class="read-more-wrap outer"><div class="read-more inner"><article class="post-card post"><a
class="post-card-image-link" href="/snow/"></a><div class="post-card-content"><a class="post-card-content-link"
href="/snow/"><header class="post-card-header"><h2 class="post-card-title">Snow on the lid</h2></header><div
class="post-card-excerpt">What goes wrong goes wrong in the last weeks of winter and there is little to be done about
it by then.</div></a><footer class="post-card-meta"><time class="post-card-meta-date" datetime="2022-12-01">Dec 1,
2022</time> <span class="post-card-meta-length">3 min read</span></footer></div></article></div></aside>
        </main></div><footer class="site-footer outer"><section class="copyright">Hive &amp; Wall © 2024</section><div
class="gh-powered-by"><a href="https://ghost.org/">Powered by Ghost</a></div></footer></div></body></html>""",
    ),
    Page(
        "Substack",
        "https://wallhive.substack.example/p/telling-the-bees",
        "Telling the bees",
        "2023-05-21",
        """<!DOCTYPE html><html lang="en"><head><title>Telling the bees - by Ada Quill - The Wall Hive</title><meta
property="og:title" content="Telling the bees"><meta name="author" content="Ada Quill">
        <script
type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle","url":"x",
"headline":"Telling the bees","description":"On a house key","datePublished":"2023-05-21T11:02:41+00:00",
"dateModified":"2023-05-21T11:02:41+00:00","isAccessibleForFree":true,"author":[{"@type":"Person",
"name":"Ada Quill"}],"publisher":{"@type":"Organization","name":"The Wall Hive"}}</script
></head>
        <body><div id="entry"><div id="main" class="main typography use-theme-bg"><div class="pencraft
pc-display-contents topBar"><h1 class="pencraft navbar-title"><a href="/">The Wall Hive</a></h1><button class="button
primary subscribe-cta">Subscribe</button><button>Sign in</button></div>
        <div class="available-content-wrap"><div class="single-post-container"><div class="single-post"><article
class="typography newsletter-post post"><div class="post-header" role="region" aria-label="Post header"><h1 dir="auto"
class="post-title published">Telling the bees</h1><h3 dir="auto" class="subtitle">On a house key</h3>
        <div class="pencraft byline-wrapper"><div class="pencraft"><a href="/@ada">Ada Quill</a></div><div
class="pencraft pc-reset meta-EgzBVA">May 21, 2023</div><div class="post-ufi"><a class="post-ufi-comment-button"
href="#comments">4</a><button>Share</button></div></div></div>
        <div class="available-content"><div dir="auto" class="body markup">⟦<p>@8</p><p>@1</p>⟧<div
class="subscription-widget-wrap"><div class="subscription-widget show-subscribe"><div class="preamble"><p
class="cta-caption">Thanks for reading The Wall Hive! Subscribe for free to receive new posts and support my
work.</p></div><form class="subscription-widget-subscribe"><input type="email"/></form></div></div>⟦
        <h2 class="header-anchor-post">The key<div class="pencraft header-anchor-widget"><button>copy
link</button></div></h2><p>She used the key because it was what she had in her apron<a class="footnote-anchor"
data-component-name="FootnoteAnchorToDOM" id="footnote-anchor-1" href="#footnote-1" target="_self">1</a>. @9</p>
        <div class="captioned-image-container"><figure><a class="image-link" href="k.png"><div
class="image2-inset"><picture><img src="k.png" alt=""></picture></div></a><figcaption class="image-caption">The key,
which still fits.</figcaption></figure></div>
        <blockquote><p>They take it well.</p></blockquote><p>@6</p>⟧<p class="button-wrapper"
data-component-name="ButtonCreateButton"><a class="button primary" href="?share"><span>Share this post</span></a></p>
        ⟦<div class="footnote" data-component-name="FootnoteToDOM"><a id="footnote-1" href="#footnote-anchor-1"
class="footnote-number" contenteditable="false" target="_self">1</a><div class="footnote-content"><p>An apron with one
pocket, on the left.</p></div></div>⟧</div></div>
        <div class="post-footer"><div class="pencraft like-button-container"><a>12
Likes</a></div></div></article></div></div></div>
        <div id="discussion" class="comments-section"><h4>Discussion about this post</h4><div
class="comment-list"><div class="comment"><div class="comment-meta">Tom <span>May 22, 2023</span></div><div
class="comment-body"><p>We did that in Suffolk also, and my aunt would bring them a slice of the funeral cake on a
saucer.</p></div></div></div></div>
        <div class="portable-archive"><h4>Ready for more?</h4><div class="portable-archive-list"><div
class="post-preview"><a href="/p/snow">Snow on the lid</a><div>Feb 3, 2023</div></div></div></div></div>
        <div class="footer-wrap publication-footer"><div>© 2024 Ada Quill</div><div><a>Privacy</a> ∙
<a>Terms</a></div></div></div></body></html>""",
    ),
    Page(
        "Medium, as a browser renders it",
        "https://medium.example/@ada/what-goes-wrong-goes-wrong-in-february-1a2b3c",
        "What goes wrong goes wrong in February",
        "2020-02-18",
        """<!DOCTYPE html><html lang="en"><head><title>What goes wrong goes wrong in February | by Ada Quill | Hives |
Medium</title><meta property="og:site_name" content="Medium"><meta property="og:title" content="What goes wrong goes
wrong in February"><meta property="article:published_time" content="2020-02-18T21:00:00.000Z">
        <script
type="application/ld+json">{"@context":"http://schema.org","@type":"NewsArticle",
"dateCreated":"2020-02-18T21:00:00.000Z","datePublished":"2020-02-18T21:00:00.000Z",
"dateModified":"2021-12-12T00:00:00.000Z","headline":"What goes wrong goes wrong in February",
"author":{"@type":"Person","name":"Ada Quill"}}</script
></head>
        <body><div id="root"><div class="a b c"><div class="d e"><a href="/sitemap">Sitemap</a><div class="f"><a
href="https://rsci.example">Open in app</a><span><a href="/signup">Sign up</a></span><span><a href="/signin">Sign
in</a></span></div></div><div class="g"><div role="search"><input placeholder="Search"></div><span>Write</span></div>
        <div class="h"><article><div class="i j"><section><div><div class="k l m"><div class="n o"><div><h1 id="8f3a"
class="pw-post-title p q r">What goes wrong goes wrong in February</h1>
        <div class="s t"><div class="speechify-ignore u v"><div class="w"><a href="/@ada"><img alt="Ada
Quill"></a></div><div class="x"><a data-testid="authorName" href="/@ada">Ada Quill</a><span> ·
<button>Follow</button></span><div><span data-testid="storyReadTime">3 min read</span><span>·</span><span
data-testid="storyPublishDate">Feb 18, 2020</span></div></div></div><div class="speechify-ignore
y"><div><span>--</span></div><button
aria-label="responses">2</button><div>Listen</div><div>Share</div></div></div></div>
        ⟦<p id="1ab2" class="pw-post-body-paragraph aa bb">@5</p><figure class="cc"><div role="button"><picture><img
src="x"></picture></div><figcaption class="dd">Photo from the kitchen window.</figcaption></figure><p id="3c"
class="pw-post-body-paragraph aa bb">@7</p><h1 id="4d" class="ee ff">What to do</h1><p id="5e"
class="pw-post-body-paragraph aa bb">@3</p><ul class=""><li id="6f" class="aa bb">A lid that’s tight, but not
<em>too</em> tight.</li><li id="7g" class="aa bb">Candy, on paper.</li></ul><pre class="gg hh"><span id="8h"
class="ii">weight = 18.5<br>stores = weight - 7</span></pre><blockquote class="jj"><p id="9i" class="kk">Winter is the
keeper’s exam.</p></blockquote><p id="aj" class="pw-post-body-paragraph aa
bb">@6</p>⟧</div></div></div></section></div></article></div>
        <div class="ll"><div class="mm"><a href="/tag/bees"><div>Bees</div></a><a
href="/tag/winter"><div>Winter</div></a></div></div>
        <footer class="nn"><div><span>--</span><span>--</span><button>2</button></div></footer>
        <div class="oo"><h2><a href="/@ada">Written by Ada Quill</a></h2><div><span>231 followers</span> · <span>12
following</span></div><p>Keeps bees beside a wall and writes down what they do in all weathers, mostly in
pencil.</p><button>Follow</button></div>
        <div class="pp"><h2>Responses (2)</h2><div><p>Candy on paper saved mine last year, thanks for the reminder and
greetings from a colder place.</p></div></div>
        <div class="qq"><h2>More from Ada Quill</h2><div><article><a href="/x"><h2>A jar of linden</h2><h3>Two
afternoons in July, one in August if the limes were kind.</h3></a><span>Jul 30,
2019</span></article></div><h2>Recommended from Medium</h2><div><article><a href="/y"><h2>Ten habits of calm
people</h2><h3>They are not what you think, says science.</h3></a><span>Jan 3</span></article></div></div>
        <div><a href="/help">Help</a><a href="/status">Status</a><a
href="/about">About</a></div></div></div></body></html>""",
    ),
    Page(
        "Blogger",
        "https://wallhive.blogspot.example/2011/07/a-jar-of-linden.html",
        "A jar of linden",
        "2011-07-30",
        """<!DOCTYPE html><html><head><title>The Wall Hive: A jar of linden</title></head>
        <body class="variant-dark"><div class="navbar section" id="navbar"></div><div
class="body-fauxcolumns"></div><div class="content"><div class="content-outer"><div class="content-inner">
        <header><div class="header-outer"><div class="region-inner header-inner"><div class="header section"
id="header"><div class="widget Header" id="Header1"><div id="header-inner"><div class="titlewrapper"><h1
class="title"><a href="https://wallhive.blogspot.example/">The Wall Hive</a></h1></div><div
class="descriptionwrapper"><p class="description"><span>Bees,
mostly</span></p></div></div></div></div></div></div></header>
        <div class="main-outer"><div class="columns fauxcolumns"><div class="column-center-outer"><div
class="column-center-inner"><div class="main section" id="main"><div class="widget Blog" id="Blog1"><div
class="blog-posts hfeed">
        <div class="date-outer"><h2 class="date-header"><span>Saturday, July 30, 2011</span></h2><div
class="date-posts"><div class="post-outer"><div class="post hentry uncustomized-post-template" itemprop="blogPost"
itemscope itemtype="http://schema.org/BlogPosting"><meta content="123" itemprop="blogId"/><a name="1"></a>
        <h3 class="post-title entry-title" itemprop="name">A jar of linden</h3><div class="post-header"><div
class="post-header-line-1"></div></div>
        <div class="post-body entry-content" id="post-body-1" itemprop="description
articleBody">⟦@4<br/><br/>@2<br/><br/><div style="text-align: center;"><i>Forty-two!</i></div><table align="center"
cellpadding="0" cellspacing="0" class="tr-caption-container"><tbody><tr><td><a href="1.jpg"><img
src="1.jpg"/></a></td></tr><tr><td class="tr-caption">The kitchen, sticky.</td></tr></tbody></table><br/>@6<br/>⟧<div
style="clear: both;"></div></div>
        <div class="post-footer"><div class="post-footer-line post-footer-line-1"><span class="post-author
vcard">Posted by <span class="fn" itemprop="author" itemscope itemtype="http://schema.org/Person"><a class="g-profile"
href="x"><span itemprop="name">Ada Quill</span></a></span></span> <span class="post-timestamp">at <a
class="timestamp-link" href="x" rel="bookmark"><abbr class="published" itemprop="datePublished"
title="2011-07-30T20:15:00+02:00">8:15 PM</abbr></a></span><span class="post-icons"><a href="x">Email
This</a><a>BlogThis!</a></span></div><div class="post-footer-line post-footer-line-2"><span
class="post-labels">Labels: <a href="/search/label/honey" rel="tag">honey</a></span></div></div></div>
        <div class="comments" id="comments"><h4>1 comment:</h4><div class="comments-content"><div
id="comment-holder"><ol><li class="comment"><div class="comment-block"><div class="comment-header"><cite
class="user">Tom</cite><span class="datetime"><a>July 31, 2011 at 9:00 AM</a></span></div><p
class="comment-content">Send me a jar, would you? I have the empty one from last year here
somewhere.</p></div></li></ol></div></div></div></div></div></div>
        <div class="blog-pager" id="blog-pager"><span id="blog-pager-newer-link"><a href="x">Newer
Post</a></span><span id="blog-pager-older-link"><a href="y">Older Post</a></span><a class="home-link"
href="/">Home</a></div><div class="post-feeds"><div class="feed-links">Subscribe to: <a href="z">Post Comments
(Atom)</a></div></div></div></div></div></div>
        <div class="column-right-outer"><aside><div class="sidebar section"><div class="widget Profile"><h2>About
Me</h2><div class="widget-content"><dl><dd class="profile-data">Ada Quill</dd><dd class="profile-textblock">I keep
bees beside a wall and have a notebook.</dd></dl></div></div><div class="widget BlogArchive"><h2>Blog
Archive</h2><ul><li><a href="/2011">2011</a> (4)</li></ul></div></div></aside></div></div></div>
        <footer><div class="footer-outer"><div class="widget Attribution">Simple theme. Powered by <a
href="https://www.blogger.example">Blogger</a>.</div></div></footer></div></div></div></body></html>""",
    ),
    Page(
        "Squarespace",
        "https://www.adaquill.example/journal/start-again",
        "Would I start again?",
        "2019-10-12",
        """<!doctype html><html lang="en-US"><head><title>Would I start again? &mdash; Ada Quill</title><meta
property="og:site_name" content="Ada Quill"/><meta property="og:title" content="Would I start again? &mdash; Ada
Quill"/><meta property="og:type" content="article"/><meta itemprop="name" content="Would I start again? — Ada
Quill"/><meta itemprop="headline" content="Would I start again?"/><meta itemprop="datePublished"
content="2019-10-12T15:20:11+0100"/><meta itemprop="dateModified" content="2020-01-12T15:20:11+0100"/></head>
        <body id="collection-5d" class="view-item collection-type-blog"><div id="siteWrapper"><header id="header"
class="header"><div class="header-title-text"><a href="/">Ada Quill</a></div><div class="header-nav"><nav
class="header-nav-list"><div class="header-nav-item"><a href="/journal">Journal</a></div></nav></div><div
class="header-actions"><a class="btn" href="/contact">Get in touch</a></div></header>
        <main id="page" class="container" role="main"><article class="sections" id="sections"><section
class="page-section content-collection"><div class="content-wrapper"><div class="content"><div
class="blog-item-wrapper"><article class="h-entry entry blog-item-content-wrapper hentry category-bees
author-ada-quill post-type-text" id="post-5d"><div class="blog-item-title"><h1 class="entry-title entry-title--large
p-name" itemprop="headline">Would I start again?</h1></div>
        <div class="blog-item-top-wrapper"><div class="blog-meta-item blog-meta-item--categories"><a
class="blog-categories" href="/cat/bees">Bees</a></div><div class="blog-meta-item--date"><time class="dt-published
blog-meta-primary" datetime="2019-10-12"><span>Oct 12</span></time></div><div class="blog-meta-item--author"><span
class="blog-author-name">Written By <a href="/author">Ada Quill</a></span></div></div>
        <div class="blog-item-content e-content"><div class="sqs-layout sqs-grid-12 columns-12"><div class="row
sqs-row"><div class="col sqs-col-12 span-12">⟦<div class="sqs-block html-block sqs-block-html"><div
class="sqs-block-content"><div class="sqs-html-content"><p class="" style="white-space:pre-wrap;">@6</p><p class=""
style="white-space:pre-wrap;">@1</p></div></div></div><div class="sqs-block quote-block sqs-block-quote"><div
class="sqs-block-content"><figure class="block-animation-none"><blockquote>“A single colony teaches you only about
itself.”</blockquote><figcaption class="source">&mdash; a man at the club</figcaption></figure></div></div><div
class="sqs-block html-block sqs-block-html"><div class="sqs-block-content"><h3>And then</h3><p>@5</p></div></div>⟧<div
class="sqs-block newsletter-block sqs-block-newsletter"><div class="newsletter-form-header"><h2
class="newsletter-form-header-title">Subscribe</h2><p>Sign up with your email address to receive news and
updates.</p></div></div>⟦<div class="sqs-block button-block sqs-block-button"><a class="sqs-block-button-element"
href="https://shop.example">Buy honey</a></div>⟧</div></div></div></div>
        <div class="blog-item-tags-share"><div class="blog-share"><a>Facebook</a><a>Twitter</a></div></div><div
class="blog-item-author-profile-wrapper entry-author"><div class="author-profile"><div class="author-name">Ada
Quill</div><div class="author-bio">Ada keeps bees.</div></div></div></article>
        <section id="itemPagination" class="item-pagination item-pagination--prev-next"><a href="/journal/limes"
class="item-pagination-link item-pagination-link--prev"><div class="pagination-title-wrapper"><div
class="visually-hidden">Previous</div><h2 class="item-pagination-title">Previous: the
limes</h2></div></a></section></div></div></div></section></article></main>
        <footer class="sections" id="footer-sections"><section><p>© Ada Quill. All rights
reserved.</p></section></footer></div></body></html>""",
    ),
    Page(
        "Webflow",
        "https://www.wallhive.example/blog/notebook-in-pencil",
        "A notebook in pencil",
        "2023-08-02",
        """<!DOCTYPE html><html data-wf-domain="www.wallhive.example" lang="en"><head><meta
charset="utf-8"/><title>A notebook in
pencil | Wall Hive</title><meta content="A notebook in pencil | Wall Hive" property="og:title"/></head>
        <body><div data-collapse="medium" role="banner" class="navbar w-nav"><div class="container w-container"><a
href="/" class="brand w-nav-brand">Wall Hive</a><nav role="navigation" class="nav-menu w-nav-menu"><a href="/blog"
class="nav-link w-nav-link">Blog</a><a href="/contact" class="nav-link w-nav-link">Contact</a></nav></div></div>
        <div class="section blog-hero"><div class="w-layout-blockcontainer container w-container"><div
class="blog-details"><div class="text-block-4">August 2, 2023</div><div class="text-block-5">Craft</div></div><h1
class="heading-12">A notebook in pencil</h1><div class="author-wrap"><img src="a.png" alt=""/><div
class="text-block-6">Ada Quill</div></div></div></div>
        <div class="section"><div class="container w-container"><div class="rich-text-block
w-richtext">⟦<p>@2</p><h2>Ink runs</h2><p>@3</p><ol role="list"><li>Date and weather.</li><li>Frames of
brood.</li><li>What you asked yourself.</li></ol><figure class="w-richtext-figure-type-image
w-richtext-align-fullwidth"><div><img src="n.png" alt=""/></div><figcaption>Page nine, with
honey.</figcaption></figure><p>@9</p><p>‍</p>⟧</div></div></div>
        <div class="section cta-section"><div class="container w-container"><h2 class="heading-7">Ready to keep
bees?</h2><p class="paragraph-3">Book a course at the wall and get your first frame for free.</p><a href="/courses"
class="button w-button">Book now</a></div></div>
        <div class="section"><div class="container w-container"><h2 class="heading-9">Latest articles</h2><div
class="w-dyn-list"><div role="list" class="w-dyn-items"><div role="listitem" class="w-dyn-item"><a href="/blog/snow"
class="link-block w-inline-block"><div>January 12, 2023</div><h3>Snow on the
lid</h3></a></div></div></div></div></div>
        <div class="footer"><div class="w-container"><div>Copyright © Wall Hive</div></div></div></body></html>""",
    ),
    Page(
        "Notion, published",
        "https://ada.notion.example/Two-hives-3f2a9c",
        "Two hives",
        None,
        """<!DOCTYPE html><html lang="en"><head><title>Two hives | Notion</title><meta property="og:site_name"
content="Ada Quill
on Notion"/><meta property="og:title" content="Two hives"/></head>
        <body class="notion-body"><div id="notion-app"><div class="notion-app-inner notion-light-theme"><div
class="notion-cursor-listener"><div><div class="notion-topbar"><div><a href="/"><div class="notranslate
shadow-cursor-breadcrumb">Ada’s notes</div></a><div role="button">Search</div><div
role="button">Duplicate</div></div></div>
        <main class="notion-frame"><div class="notion-scroller vertical"><div class="whenContentEditable"><div
class="layout"><div class="layout-content"><div class="pseudoSelection"><div
class="notion-record-icon"><span>🐝</span></div></div><div class="notion-page-block"><h1 placeholder="New page"
class="content-editable-leaf-rtl">Two hives</h1></div></div>
        <div class="layout-content"><div class="notion-page-content">⟦<div data-block-id="1" class="notion-selectable
notion-text-block"><div><div><div class="notranslate">@6</div></div></div></div><div data-block-id="2"
class="notion-selectable notion-header-block"><h2 class="notranslate">Comparing</h2></div><div data-block-id="3"
class="notion-selectable notion-text-block"><div><div><div class="notranslate">@2</div></div></div></div>
        <div data-block-id="4" class="notion-selectable notion-bulleted_list-block"><div><div
class="notion-list-item-box-left"><div class="pseudoBefore" style="--pseudoBefore--content:'•'"></div></div><div><div
class="notranslate">Lend brood to the weak.</div></div></div></div><div data-block-id="5" class="notion-selectable
notion-callout-block"><div role="note"><div class="notion-record-icon"><span>⚠️</span></div><div><div
class="notranslate">Never lend a queen.</div></div></div></div>
        <div data-block-id="6" class="notion-selectable notion-quote-block"><blockquote><div class="notranslate">One
is none, two is one.</div></blockquote></div><div data-block-id="7" class="notion-selectable
notion-toggle-block"><div><div role="button"><svg></svg></div><div><div class="notranslate">How far
apart?</div></div></div></div><div data-block-id="8" class="notion-selectable notion-text-block"><div><div><div
class="notranslate">@7</div></div></div></div>⟧</div></div></div></div></div></main></div></div></div></div></body
></html>""",
    ),
]


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_platforms_page_gives_its_article_and_nothing_else(page: Page):
    assert differences(page) == []
