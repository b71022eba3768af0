/// What moves on a page: hovering, sorting, copying and painting heat maps; hand-written JavaScript.
enum PageScript {
  static let text = "'use strict';(()=>{\n" + tips + tables + maps + "})();"

  /// Anything with `data-tip` tells its figures under the pointer, the finger or the focus.
  private static let tips = """
    const tip=document.getElementById('tip');
    function show(text,x,y){tip.textContent=text;tip.hidden=false;
      const w=tip.offsetWidth,h=tip.offsetHeight,W=document.documentElement.clientWidth;
      tip.style.left=Math.max(6,Math.min(x+14,W-w-6))+'px';
      tip.style.top=(y-h-12<6?y+18:y-h-12)+'px';}
    function hide(){tip.hidden=true;}
    function over(e){const c=e.target;
      if(c.tagName==='CANVAS'&&c.cell){const t=c.cell(e);return t?show(t,e.clientX,e.clientY):hide();}
      const t=c.closest&&c.closest('[data-tip]');
      t?show(t.dataset.tip,e.clientX,e.clientY):hide();}
    for(const n of ['pointermove','pointerdown'])document.addEventListener(n,over);
    document.addEventListener('pointerleave',hide);
    document.addEventListener('scroll',hide,{passive:true});

    """

  /// A click on a title sorts, a second one turns the order; the button copies what is shown.
  private static let tables = """
    const key=c=>{const v=c.dataset.v??c.textContent;
      return v===''?-Infinity:v==='nan'?Infinity:isNaN(v)?v:+v;};
    function sort(table,th){const n=[...th.parentNode.children].indexOf(th);
      const up=th.getAttribute('aria-sort')!=='ascending';
      for(const o of th.parentNode.children)o.removeAttribute('aria-sort');
      th.setAttribute('aria-sort',up?'ascending':'descending');
      const rows=[...table.tBodies[0].rows].map(r=>[key(r.cells[n]),r]);
      rows.sort(([a],[b])=>(a<b?-1:a>b?1:0)*(up?1:-1));
      table.tBodies[0].append(...rows.map(r=>r[1]));}
    const quoted=t=>/[",\\n]/.test(t)?'"'+t.replaceAll('"','""')+'"':t;
    const csv=table=>[...table.rows].map(r=>[...r.cells].map(c=>
      quoted(c.dataset.v??c.textContent.trim())).join(',')).join('\\n')+'\\n';
    async function copy(button,text){try{await navigator.clipboard.writeText(text);}
      catch{const a=document.createElement('textarea');a.value=text;document.body.append(a);
        a.select();document.execCommand('copy');a.remove();}
      const old=button.textContent;button.textContent='copied';
      setTimeout(()=>button.textContent=old,1200);}
    for(const table of document.querySelectorAll('table')){
      for(const th of table.querySelectorAll('th')){th.tabIndex=0;
        th.addEventListener('click',()=>sort(table,th));
        th.addEventListener('keydown',e=>{if(e.key==='Enter')sort(table,th);});}
      const b=document.createElement('button');b.textContent='copy as CSV';
      b.addEventListener('click',()=>copy(b,csv(table)));
      table.closest('.scroll').before(b);}

    """

  /// A canvas holds base64 of one byte a cell: 0 is zero, 255 not finite, 1…254 a value between
  /// `data-low` and `data-high`, decimal logarithms where `data-log` is set. Rows of cells run
  /// along the page's x axis.
  private static let maps = """
    const ramps={error:[[13,8,35],[74,18,110],[158,41,99],[228,90,49],[251,180,43],[252,255,164]],
      level:[[0,32,77],[49,68,107],[103,105,112],[149,143,120],[202,186,106],[255,234,70]]};
    function colour(ramp,t){const p=Math.min(Math.max(t,0),1)*(ramp.length-1),i=Math.min(p|0,ramp.length-2);
      return ramp[i].map((a,k)=>a+(ramp[i+1][k]-a)*(p-i));}
    function gradient(name){return 'linear-gradient(90deg,'+ramps[name].map(c=>'rgb('+c+')')+')';}
    function figure(v){const a=Math.abs(v);return a>=1e-3&&a<1e5?+v.toPrecision(3)+'':v.toExponential(1);}
    function paint(c){const d=c.dataset,w=+d.rows,h=+d.columns,ramp=ramps[d.ramp];
      const cells=Uint8Array.from(atob(d.cells),x=>x.charCodeAt(0));
      c.width=w;c.height=h;const g=c.getContext('2d'),image=g.createImageData(w,h);
      for(let x=0;x<w;x++)for(let y=0;y<h;y++){const v=cells[x*h+y],o=4*(((d.up?h-1-y:y)*w)+x);
        const rgb=v===255?[255,0,200]:v===0&&d.log?[128,128,128,70]:colour(ramp,(v-1)/253);
        for(let k=0;k<3;k++)image.data[o+k]=rgb[k];image.data[o+3]=rgb[3]??255;}
      g.putImageData(image,0,0);
      const low=+d.low,high=+d.high;
      c.cell=e=>{const r=c.getBoundingClientRect();
        const x=Math.floor((e.clientX-r.left)/r.width*w);let y=Math.floor((e.clientY-r.top)/r.height*h);
        if(x<0||y<0||x>=w||y>=h)return '';if(d.up)y=h-1-y;
        const v=cells[x*h+y],n=low+(v-1)/253*(high-low);
        const span=(i,k,total)=>{const a=Math.floor(i*total/k),b=Math.floor((i+1)*total/k)-1;
          return b>a?a+'–'+b:''+a;};
        const value=v===255?'NaN or ∞':v===0&&d.log?'0':figure(d.log?10**n:n);
        return d.x+' '+span(x,w,+d.frames)+'\\n'+d.y+' '+span(y,h,+d.channels)+'\\n'+d.what+' '+value;};}
    document.querySelectorAll('canvas[data-cells]').forEach(paint);
    document.querySelectorAll('i[data-ramp]').forEach(i=>i.style.background=gradient(i.dataset.ramp));

    """
}
